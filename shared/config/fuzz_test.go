package config

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/escalation"
)

// Whatever the bytes are, they give faults in the order of the file or a
// configuration that is sound and reads the same when it is written again.
func FuzzParse(f *testing.F) {
	_, data := example(f)
	f.Add(data)
	cases, err := os.ReadFile("testdata/faults.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range strings.Split(string(cases), "=== ")[1:] {
		_, rest, _ := strings.Cut(text, "\n")
		body, _, _ := strings.Cut(rest, "--- faults\n")
		f.Add([]byte(withPreamble(body)))
	}
	f.Add([]byte(preamble + holed))
	f.Add([]byte(withCalendars))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseWith(data, "f", calendars)
		if err != nil {
			var faults *Faults
			if !errors.As(err, &faults) || len(faults.List) == 0 {
				t.Fatalf("the error %v holds no fault", err)
			}
			for _, fault := range faults.List {
				if fault.Line < 1 || fault.Column < 1 || fault.Message == "" {
					t.Errorf("fault %+v", fault)
				}
			}
			return
		}
		sound(t, c)
		written, err := yaml.Marshal(c.root)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseWith(written, "again", calendars); err != nil {
			t.Errorf("written again it has faults: %v\n%s", err, written)
		}
		expanded, err := c.Expanded()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(expanded, "expanded"); err != nil || !reflect.DeepEqual(again.Rota, c.Rota) {
			t.Errorf("with its calendars written out it says something else: %v\n%s", err, expanded)
		}
	})
}

// sound checks what others take for granted of a Config.
func sound(t *testing.T, c *Config) {
	if c.Service == "" || len(c.Responders) == 0 {
		t.Errorf("service %q with %d responders", c.Service, len(c.Responders))
	}
	for id, r := range c.Responders {
		if r.ID != id || r.Name == "" || r.Zone == nil || r.Phone == "" && r.Email == "" {
			t.Errorf("responder %s is %+v", id, r)
		}
		if len(r.Contact) == 0 || r.Contact[0].After != 0 {
			t.Errorf("%s's contact is %v", id, r.Contact)
		}
	}
	for id, s := range c.Rota.Schedules {
		for _, l := range s.Layers {
			if len(l.Rotation) == 0 || l.Every.N < 1 || l.Start.Year < yearMin {
				t.Errorf("schedule %s has layer %+v", id, l)
			}
			for _, m := range l.Rotation {
				known(t, c, m.Who)
			}
		}
		for _, o := range s.Overrides {
			known(t, c, o.Who)
			if !o.From.Before(o.To) {
				t.Errorf("schedule %s has override %+v", id, o)
			}
		}
	}
	if len(c.Policy("").Steps) == 0 {
		t.Error("there is no default policy")
	}
	for id, p := range c.Policies {
		if p.RepeatFrom < 0 || p.RepeatFrom >= len(p.Steps) || p.CheckIn <= 0 {
			t.Errorf("policy %s is %+v", id, p)
		}
		for _, s := range p.Steps {
			if s.Wait < WaitMin || len(s.Targets) == 0 {
				t.Errorf("policy %s has step %+v", id, s)
			}
			for _, target := range s.Targets {
				if _, ok := c.Rota.Schedules[target.ID]; target.Kind == escalation.Schedule && !ok {
					t.Errorf("policy %s pages %v", id, target)
				}
				if target.Kind == escalation.Responder {
					known(t, c, []string{target.ID})
				}
			}
		}
	}
	for _, k := range c.Checks {
		kinds := 0
		if k.HTTP != nil && k.HTTP.URL != "" {
			kinds++
		}
		if len(k.Flow) > 0 && k.Flow[0].URL != "" {
			kinds++
		}
		if k.Heartbeat != nil && k.Heartbeat.Every > 0 {
			kinds++
		}
		if k.TCP != nil && k.TCP.Address != "" {
			kinds++
		}
		if k.TLS != nil && k.TLS.Address != "" {
			kinds++
		}
		if k.DNS != nil && k.DNS.Name != "" && k.DNS.Record != "" {
			kinds++
		}
		if kinds != 1 || k.Interval() < EveryMin || k.Deadline() > time.Minute {
			t.Errorf("check %+v", k)
		}
		if !slices.Contains(append(capabilities(c), ""), k.Capability) {
			t.Errorf("check %s has capability %q", k.Name, k.Capability)
		}
	}
	if c.Coverage.Gate < GateMin || c.Coverage.Horizon < c.Coverage.Gate {
		t.Errorf("coverage %+v", c.Coverage)
	}
	for _, a := range c.Coverage.Accept {
		if !a.From.Before(a.To) || a.Why == "" {
			t.Errorf("accepted is %+v", a)
		}
	}
}

func known(t *testing.T, c *Config, who []string) {
	if len(who) == 0 {
		t.Error("a turn of nobody")
	}
	for _, id := range who {
		if _, ok := c.Responders[id]; !ok {
			t.Errorf("%q is no responder", id)
		}
	}
}

func capabilities(c *Config) []string {
	var ids []string
	for _, one := range c.Capabilities {
		ids = append(ids, one.Name)
	}
	return ids
}
