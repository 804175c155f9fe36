package config

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// The schema that editors use and the parser must know the same keys.
func TestSchemaKnowsWhatTheParserKnows(t *testing.T) {
	data, err := os.ReadFile("../../rouse.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Ref  string `json:"$ref"`
		Defs map[string]struct {
			Type                 string                     `json:"type"`
			Properties           map[string]json.RawMessage `json:"properties"`
			Required             []string                   `json:"required"`
			AdditionalProperties any                        `json:"additionalProperties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	if schema.Ref != "#/$defs/rouse" {
		t.Errorf("the schema's root is %q", schema.Ref)
	}
	for name, def := range schema.Defs {
		if _, known := sections[name]; !known && def.Type == "object" {
			t.Errorf("the schema has a section %q that the parser does not know", name)
		}
	}
	for name, s := range sections {
		def, ok := schema.Defs[name]
		if !ok {
			t.Errorf("the schema lacks section %q", name)
			continue
		}
		if def.AdditionalProperties != false {
			t.Errorf("%s: the schema admits unknown keys", name)
		}
		var keys []string
		for key := range def.Properties {
			keys = append(keys, key)
		}
		if got, want := sorted(keys), sorted(s.keys); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has keys\n%v, the parser\n%v", name, got, want)
		}
		if got, want := sorted(def.Required), sorted(s.required); !slices.Equal(got, want) {
			t.Errorf("%s: the schema requires\n%v, the parser\n%v", name, got, want)
		}
		for _, key := range s.required {
			if s.examples[key] == "" {
				t.Errorf("%s: the required key %q has no example to show who forgot it", name, key)
			}
		}
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}
