package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the snapshots below testdata anew")

// TestSnapshots holds the templates, as text that a reviewer can read, so that
// a change of this program shows as a change of what is deployed:
//
//	go test ./infra -run TestSnapshots -update && git diff infra/testdata
func TestSnapshots(t *testing.T) {
	for _, setting := range settings {
		s := synthesize(t, setting)
		if setting == "whole" {
			same(t, "table.template.yaml", inYAML(t, s.table))
			same(t, "environment.json", environments(t, s.service))
		}
		same(t, setting+".template.yaml", inYAML(t, s.service))
	}
}

// environments is what the template gives each function to read, by function:
// whoever runs the binaries without AWS fills in what stands in ${}.
func environments(t *testing.T, s template) []byte {
	t.Helper()
	all := map[string]any{}
	for _, id := range s.of("AWS::Lambda::Function") {
		all[id] = s.Resources[id].at("Environment", "Variables")
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func inYAML(t *testing.T, s template) []byte {
	t.Helper()
	// By way of JSON, so that the names are CloudFormation's own.
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Description string                    `yaml:"Description"`
		Resources   map[string]map[string]any `yaml:"Resources"`
		Outputs     map[string]map[string]any `yaml:"Outputs"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	// Tags are the same on everything, which TestTags holds.
	for _, r := range v.Resources {
		if properties, ok := r["Properties"].(map[string]any); ok {
			delete(properties, "Tags")
		}
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// same compares with the file, or writes it.
func same(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Errorf("%s differs from line %d on:\n was %s\n now %s\nIf that is meant: go test ./infra -run TestSnapshots -update", path, i+1, wantLines[i], gotLines[i])
			return
		}
	}
	t.Errorf("%s has %d lines, was %d. If that is meant: go test ./infra -run TestSnapshots -update", path, len(gotLines), len(wantLines))
}
