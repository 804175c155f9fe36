package imports

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestImportRules(t *testing.T) {
	found, err := Violations(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

// TestRulesBite shows that each rule fails on a source that breaks it.
func TestRulesBite(t *testing.T) {
	for _, test := range []struct {
		name, file, source string
		want               string // "" if it is allowed
	}{
		{"a pure package does input", "shared/oncall/x.go", `import "os"`, "it is pure"},
		{"a pure package reaches the network", "shared/check/x.go", `import "net/http"`, "it is pure"},
		{"a pure package throws dice", "shared/triage/x.go", `import "math/rand/v2"; var _ = rand.IntN(6)`, "from a seed"},
		{"a pure package has a seed", "shared/triage/x.go", `import "math/rand/v2"; var _ = rand.New(rand.NewPCG(1, 2))`, ""},
		{"a pure package reads the clock", "shared/incident/x.go", `import "time"; var _ = time.Now()`, "time is an argument"},
		{"a pure package computes with time", "shared/incident/x.go", `import "time"; var _ = time.Unix(0, 0).Add(time.Hour)`, ""},
		{"a pure package reaches down", "shared/escalation/x.go", `import "rouse/shared/oncall"`, ""},
		{"a pure package reaches up", "shared/oncall/x.go", `import "rouse/shared/escalation"`, "may import of ours only nothing"},
		{"a pure package has a dependency", "shared/oncall/x.go", `import "pgregory.net/rapid"`, "from outside only nothing"},
		{"a pure package's test has one", "shared/oncall/x_test.go", `import "pgregory.net/rapid"`, ""},
		{"the loop reaches a use case", "shared/loop/x.go", `import "rouse/shared/page"`, "may not import rouse/shared/page"},
		{"a use case reaches AWS", "shared/desk/x.go", `import "github.com/aws/aws-sdk-go-v2/service/sesv2"`, "from outside only nothing"},
		{"a use case reaches an adapter", "shared/inbox/x.go", `import "rouse/shared/s3mail"`, "may not import rouse/shared/s3mail"},
		{"an adapter reaches another", "shared/snspager/x.go", `import "rouse/shared/sqstimer"`, "may not import rouse/shared/sqstimer"},
		{"an adapter reaches a use case", "shared/snspager/x.go", `import "rouse/shared/page"`, ""},
		{"an adapter has another's dependency", "shared/snspager/x.go", `import "github.com/aws/aws-sdk-go-v2/service/sqs"`, "from outside only"},
		{"a prefix is no path", "shared/snspager/x.go", `import "github.com/aws/aws-sdk-go-v2/service/snsx"`, "from outside only"},
		{"a function reaches another", "functions/desk/x.go", `import "rouse/functions/router"`, "may not import rouse/functions/router"},
		{"a function reaches the command", "functions/desk/x.go", `import "rouse/cmd/rouse/local"`, "may not import rouse/cmd/rouse/local"},
		{"a function reads calendars", "functions/desk/x.go", `import "rouse/shared/calendar"`, "may not import rouse/shared/calendar"},
		{"the command reads calendars", "cmd/rouse/x.go", `import "rouse/shared/calendar"`, ""},
		{"a function reaches the CDK", "functions/desk/x.go", `import "github.com/aws/aws-cdk-go/awscdk/v2"`, "only infra may"},
		{"a shared package's test reaches the CDK", "shared/env/x_test.go", `import "github.com/aws/jsii-runtime-go"`, "only infra may"},
		{"the stack reaches the CDK", "infra/x.go", `import "github.com/aws/aws-cdk-go/awscdk/v2"`, ""},
		{"the program reaches the tests", "cmd/rouse/x.go", `import "rouse/test/awsfake"`, "may not import rouse/test/awsfake"},
		{"a package without a rule", "shared/util/x.go", ``, "no rule names the package shared/util"},
		{"a folder that is not ours", "node_modules/x/x.go", `import "os"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := Violations(fstest.MapFS{test.file: {Data: []byte("package x\n" + test.source)}})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("found %q, want nothing", found)
			case test.want != "" && (len(found) != 1 || !strings.Contains(found[0], test.want) || !strings.HasPrefix(found[0], test.file+":")):
				t.Errorf("found %q, want one about %q", found, test.want)
			}
		})
	}
}

// TestEveryRuleIsReached keeps the table free of what it once needed.
func TestEveryRuleIsReached(t *testing.T) {
	for i, r := range rules {
		for _, folder := range r.folders {
			folder = strings.TrimSuffix(folder, "/...")
			hidden := false
			for _, earlier := range rules[:i] {
				hidden = hidden || matches(folder, earlier.folders)
			}
			if _, err := os.Stat("../../" + folder); err != nil {
				t.Errorf("rule for %s: %v", folder, err)
			}
			if hidden && len(r.folders) == 1 {
				t.Errorf("an earlier rule hides the one for %s", folder)
			}
		}
	}
}
