package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"rouse/shared/config"
)

// TestMain ends the one jsii process that all tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	if assets != "" {
		os.RemoveAll(assets)
	}
	os.Exit(code)
}

// settings are the files below testdata that the rules are held against.
var settings = []string{"whole", "bare", "joined"}

// synthesized is what one setting became.
type synthesized struct {
	table, service template
	findings       map[string][]string // of cdk-nag and the CDK: the places, by rule
}

// A template is a CloudFormation template, with every reference written out
// as text: ${Table}, ${Table.Arn}.
type template struct {
	Description string
	Resources   map[string]resource
	Outputs     map[string]map[string]any
}

type resource struct {
	Type           string
	DependsOn      []string `json:",omitempty"`
	DeletionPolicy string   `json:",omitempty"`
	Properties     map[string]any
}

var assets string // the folder that stands in for what bundle builds

// synthesize composes a setting once for all tests. The functions' code is a
// stand-in: the templates do not depend on it.
func synthesize(t *testing.T, setting string) synthesized {
	t.Helper()
	once, ok := done[setting]
	if !ok {
		t.Fatalf("no setting %q", setting)
	}
	s, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var done = map[string]func() (synthesized, error){}

func init() {
	for _, setting := range settings {
		done[setting] = sync.OnceValues(func() (synthesized, error) { return synthesizeOnce(setting) })
	}
}

func synthesizeOnce(setting string) (synthesized, error) {
	team, err := config.Load(filepath.Join("testdata", setting+".yaml"))
	if err != nil {
		return synthesized{}, err
	}
	if assets == "" {
		if assets, err = os.MkdirTemp("", "rouse-infra-"); err != nil {
			return synthesized{}, err
		}
	}
	d := deployment{name: "Rouse", team: team, createIdentity: setting == "whole", assets: map[string]string{}}
	for _, name := range functions(team) {
		d.assets[name] = filepath.Join(assets, name)
		if err := os.MkdirAll(d.assets[name], 0o755); err != nil {
			return synthesized{}, err
		}
		if err := os.WriteFile(filepath.Join(d.assets[name], "bootstrap"), []byte(name), 0o755); err != nil {
			return synthesized{}, err
		}
	}

	app := newApp(filepath.Join(assets, "out-"+setting))
	table, service := compose(app, d)
	quiet := &cdknag.NagPackProps{Reports: jsii.Bool(false), Verbose: jsii.Bool(true)}
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(quiet), nil)
	awscdk.Aspects_Of(app).Add(cdknag.NewServerlessChecks(quiet), nil)

	s := synthesized{findings: map[string][]string{}}
	for stack, into := range map[awscdk.Stack]*template{table: &s.table, service: &s.service} {
		if *into, err = read(assertions.Template_FromStack(stack, nil).ToJSON()); err != nil {
			return synthesized{}, err
		}
		found := assertions.Annotations_FromStack(stack)
		for _, messages := range []any{
			found.FindError(jsii.String("*"), assertions.Match_AnyValue()),
			found.FindWarning(jsii.String("*"), assertions.Match_AnyValue()),
		} {
			if err := s.note(messages); err != nil {
				return synthesized{}, err
			}
		}
	}
	return s, nil
}

// note files the CDK's messages by rule.
func (s synthesized) note(messages any) error {
	data, err := json.Marshal(messages)
	if err != nil {
		return err
	}
	var all []struct {
		ID    string
		Entry struct{ Data string }
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, m := range all {
		rule := m.Entry.Data
		if head := nagRule.FindStringSubmatch(rule); head != nil {
			rule = head[1]
		}
		s.findings[rule] = append(s.findings[rule], m.ID)
	}
	return nil
}

// nagRule is the rule at the head of a finding.
var nagRule = regexp.MustCompile(`^(\w+-\w+)(?:\[.*\])?: `)

// read turns what jsii gives into a template.
func read(from *map[string]any) (template, error) {
	var raw struct {
		Description string
		Resources   map[string]map[string]any
		Outputs     map[string]map[string]any
	}
	data, err := json.Marshal(from)
	if err != nil {
		return template{}, err
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return template{}, err
	}
	t := template{Description: raw.Description, Resources: map[string]resource{}, Outputs: map[string]map[string]any{}}
	for id, r := range raw.Resources {
		one := resource{Type: r["Type"].(string)}
		if depends, ok := r["DependsOn"].([]any); ok {
			for _, on := range depends {
				one.DependsOn = append(one.DependsOn, on.(string))
			}
		}
		one.DeletionPolicy, _ = r["DeletionPolicy"].(string)
		one.Properties, _ = plain(r["Properties"]).(map[string]any)
		t.Resources[id] = one
	}
	for id, o := range raw.Outputs {
		t.Outputs[id] = plain(o).(map[string]any)
	}
	return t, nil
}

// plain writes CloudFormation's functions out as text, and replaces the sums
// of what is bundled, which change with each build.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if text, ok := function(name, argument); ok {
					return text
				}
			}
		}
		for key := range v {
			v[key] = plain(v[key])
		}
	case string:
		return sum.ReplaceAllString(v, "(sum of the bundle)")
	}
	return v
}

var sum = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

func function(name string, argument any) (string, bool) {
	argument = plain(argument)
	list, _ := argument.([]any)
	switch name {
	case "Ref":
		return fmt.Sprintf("${%v}", argument), true
	case "Fn::GetAtt":
		return fmt.Sprintf("${%v.%v}", list[0], list[1]), true
	case "Fn::Join":
		var parts []string
		for _, part := range list[1].([]any) {
			parts = append(parts, fmt.Sprint(part))
		}
		return strings.Join(parts, list[0].(string)), true
	case "Fn::Sub":
		if text, ok := argument.(string); ok {
			return text, true
		}
	case "Fn::ImportValue":
		// Between our two stacks: RouseTable:ExportsOutput, what was asked,
		// the logical id and a sum.
		m := export.FindStringSubmatch(fmt.Sprint(argument))
		switch {
		case m == nil:
			return "", false
		case m[1] == "Ref":
			return "${Table}", true
		default:
			return "${Table.Arn}", true
		}
	case "Fn::Split":
		return fmt.Sprintf("split %v at %v", list[1], list[0]), true
	case "Fn::Select":
		return fmt.Sprintf("${part %v of %v}", list[0], list[1]), true
	}
	return "", false
}

var export = regexp.MustCompile(`^RouseTable:ExportsOutput(Ref|FnGetAtt)Table(Arn)?[0-9A-F]{8}$`)

// of lists the resources of a type, by logical id, sorted.
func (t template) of(kind string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if t.Resources[id].Type == kind {
			ids = append(ids, id)
		}
	}
	return ids
}

// at reads a property by its path; nil if there is none.
func (r resource) at(path ...string) any {
	var v any = r.Properties
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// text is at, for what is text; "" for anything else.
func (r resource) text(path ...string) string {
	s, _ := r.at(path...).(string)
	return s
}

// number is at, for what is a number; -1 for anything else.
func (r resource) number(path ...string) float64 {
	if n, ok := r.at(path...).(float64); ok {
		return n
	}
	return -1
}

// refers returns the logical id that ${ID} or ${ID.Attribute} refers to; ""
// for anything else.
func refers(text string) string {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

var reference = regexp.MustCompile(`^\$\{(\w+)(?:\.\w+)?\}$`)

// texts reads one text or a list of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	return nil
}

// A statement is one statement of a policy, wherever it stands.
type statement struct {
	where      string // logical id of the role or of the policy on a resource
	ofRole     bool
	effect     string
	actions    []string
	resources  []string
	principals []string
	conditions map[string]any
}

// statements lists those of every role and every resource's policy.
func (t template) statements() []statement {
	var all []statement
	add := func(where string, ofRole bool, document any) {
		d, _ := document.(map[string]any)
		list, _ := d["Statement"].([]any)
		for _, one := range list {
			s := one.(map[string]any)
			conditions, _ := s["Condition"].(map[string]any)
			st := statement{
				where: where, ofRole: ofRole, effect: s["Effect"].(string),
				actions: texts(s["Action"]), resources: texts(s["Resource"]), conditions: conditions,
			}
			switch p := s["Principal"].(type) {
			case string:
				st.principals = []string{p}
			case map[string]any:
				for _, kind := range slices.Sorted(maps.Keys(p)) {
					st.principals = append(st.principals, texts(p[kind])...)
				}
			}
			all = append(all, st)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		switch r.Type {
		case "AWS::IAM::Role":
			policies, _ := r.Properties["Policies"].([]any)
			for _, p := range policies {
				add(id, true, p.(map[string]any)["PolicyDocument"])
			}
		default:
			add(id, false, r.Properties["PolicyDocument"])
		}
	}
	return all
}
