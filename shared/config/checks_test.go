package config

import (
	"encoding/json"
	"testing"

	"rouse/shared/check"
)

// The example's richest check arrives with everything it asks for.
func TestExpectationsAreConverted(t *testing.T) {
	c, _ := example(t)
	archive, _ := c.Check("archive")
	e := archive.HTTP.Expect
	if archive.HTTP.Addresses != check.AllIPv4 || e.DaysLeft != 14 || e.Matches == nil {
		t.Errorf("archive is %+v", archive.HTTP)
	}
	if why := e.HeaderFault(map[string][]string{"Content-Type": {"application/json"}}); why != "" {
		t.Error(why)
	}
	good := `{"version": "v12", "status": "ok", "queue": {"depth": 100}, "nodes": [{"name": "ab"}]}`
	if why := e.BodyFault([]byte(good)); why != "" {
		t.Error(why)
	}
	for _, path := range []string{"status", "queue.depth", "nodes[0].name"} {
		bad := `{"version": "v12", "status": 0, "queue": {"depth": 101}, "nodes": [{"name": "b"}]}`
		one := check.Expect{}
		for _, x := range e.JSON {
			if x.Path.String() == path {
				one.JSON = []check.JSONTest{x}
			}
		}
		if one.JSON == nil || one.BodyFault([]byte(bad)) == "" {
			t.Errorf("%s is not tested: %+v", path, e.JSON)
		}
	}
}

// What is expected has the type it is written in.
func TestExpectedTypes(t *testing.T) {
	c := parse(t, `checks: {a: {http: {url: "https://a.example", expect: {json: [
  {path: a, is: 3}, {path: b, is: "3"}, {path: c, is: true}, {path: d, is: "true"}, {path: e, is: 2.50}, {path: f, is: up}, {path: g, is: ""}]}}}}
`)
	want := []any{json.Number("3"), "3", true, "true", json.Number("2.50"), "up", ""}
	for i, x := range c.Checks[0].HTTP.Expect.JSON {
		if x.Is != want[i] {
			t.Errorf("%s is %T %v, want %T %v", x.Path, x.Is, x.Is, want[i], want[i])
		}
	}
}
