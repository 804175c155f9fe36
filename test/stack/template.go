package stack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/env"
)

// A Template is what infra synthesizes of everything that rouse.yaml can ask
// for, with references written out as ${…}.
type Template struct {
	Resources map[string]struct {
		Type       string
		Properties json.RawMessage
	}
}

// ReadTemplate reads the snapshot.
func ReadTemplate(t testing.TB) Template {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Root(t), "infra", "testdata", "whole.template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var generic any
	if err := yaml.Unmarshal(data, &generic); err != nil {
		t.Fatal(err)
	}
	// By way of JSON, whose decoder minds no case.
	if data, err = json.Marshal(generic); err != nil {
		t.Fatal(err)
	}
	var read Template
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// properties decodes a resource's properties.
func (t Template) properties(id string, into any) {
	r, ok := t.Resources[id]
	if !ok {
		panic("the template has no " + id)
	}
	if err := json.Unmarshal(r.Properties, into); err != nil {
		panic(id + ": " + err.Error())
	}
}

// A Function is what the template says about one.
type Function struct {
	Env      map[string]string
	Timeout  time.Duration
	MemoryMB int
	grants   []grant
}

// A grant is a statement of a role's policy.
type grant struct {
	Action   texts
	Resource texts
	Effect   string
}

// texts is one text or a list of them.
type texts []string

func (x *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*x = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(x))
}

// Function reads what the template says about a function of that name.
func (t Template) Function(name string) Function {
	var f struct {
		Timeout, MemorySize int
		Environment         struct{ Variables map[string]string }
		Role                string
	}
	t.properties(logicalID(name), &f)
	var role struct {
		Policies []struct{ PolicyDocument struct{ Statement []grant } }
	}
	t.properties(referred(f.Role), &role)
	out := Function{Env: f.Environment.Variables, Timeout: time.Duration(f.Timeout) * time.Second, MemoryMB: f.MemorySize}
	for _, p := range role.Policies {
		out.grants = append(out.grants, p.PolicyDocument.Statement...)
	}
	return out
}

type queue struct {
	visibility  time.Duration
	maxReceives int
}

func (t Template) queue(id string) queue {
	var q struct {
		VisibilityTimeout int
		RedrivePolicy     struct{ MaxReceiveCount int }
	}
	t.properties(id, &q)
	return queue{time.Duration(q.VisibilityTimeout) * time.Second, q.RedrivePolicy.MaxReceiveCount}
}

// deadQueues are references to the dead-letter queues, by function, as the
// template tells watch of them.
func (t Template) deadQueues() map[string]string {
	var dead map[string]string
	if err := json.Unmarshal([]byte(t.Function("watch").Env[env.DeadQueues]), &dead); err != nil {
		panic("the template tells watch of no dead letters: " + err.Error())
	}
	return dead
}

// A Mapping is what the template says about a queue that invokes a function.
type Mapping struct {
	BatchSize, Concurrency  int
	ReportBatchItemFailures bool
}

// Mapping reads how a function's queue invokes it.
func (t Template) Mapping(function string) Mapping {
	for id, r := range t.Resources {
		if r.Type != "AWS::Lambda::EventSourceMapping" {
			continue
		}
		var m struct {
			FunctionName          string
			BatchSize             int
			FunctionResponseTypes []string
			ScalingConfig         struct{ MaximumConcurrency int }
		}
		t.properties(id, &m)
		if referred(m.FunctionName) == logicalID(function) {
			return Mapping{m.BatchSize, m.ScalingConfig.MaximumConcurrency, slices.Contains(m.FunctionResponseTypes, "ReportBatchItemFailures")}
		}
	}
	panic("the template has no queue that invokes " + function)
}

// Routes lists the route keys of the HTTP API.
func (t Template) Routes() (keys []string) {
	for id, r := range t.Resources {
		if r.Type == "AWS::ApiGatewayV2::Route" {
			var route struct{ RouteKey string }
			t.properties(id, &route)
			keys = append(keys, route.RouteKey)
		}
	}
	return keys
}

// Schedules returns what the Scheduler sends each function, by function.
func (t Template) Schedules() map[string]string {
	inputs := map[string]string{}
	for id, r := range t.Resources {
		if r.Type == "AWS::Scheduler::Schedule" {
			var schedule struct{ Target struct{ Arn, Input string } }
			t.properties(id, &schedule)
			inputs[strings.ToLower(referred(schedule.Target.Arn))] = schedule.Target.Input
		}
	}
	return inputs
}

// logicalID is the resource's name in the template of a function called name.
func logicalID(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

var reference = regexp.MustCompile(`^\$\{(\w+)(?:\.\w+)?\}$`)

// referred is the logical id in ${ID} or ${ID.Attribute}.
func referred(text string) string {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		panic(text + " refers to nothing")
	}
	return m[1]
}
