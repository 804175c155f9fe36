// Command infra synthesizes the stacks that `cdk deploy` deploys, from the
// rouse.yaml in the current folder. It validates the file, refuses a rota with
// a hole, and builds the functions with the local Go toolchain.
//
// Context values (-c name=value):
//
//	config    path of rouse.yaml; default rouse.yaml
//	name      name of the service stack; default Rouse
//	identity  "create" verifies the inbox's domain with SES
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"rouse/infra/bundle"
	"rouse/shared/calendar"
	"rouse/shared/config"
)

func main() {
	if err := synth(context.Background(), newApp("")); err != nil {
		fmt.Fprintln(os.Stderr, "\n"+err.Error())
		os.Exit(1)
	}
	jsii.Close()
}

func synth(ctx context.Context, app awscdk.App) error {
	path, name := setting(app, "config", "rouse.yaml"), setting(app, "name", "Rouse")
	if !stackName.MatchString(name) {
		return fmt.Errorf("-c name=%s: a stack's name is letters, digits and hyphens, begins with a letter and has at most 100", name)
	}
	identity := setting(app, "identity", "")
	if identity != "" && identity != "create" {
		return fmt.Errorf("-c identity=%s: say create, or leave it out if SES knows the inbox's domain already", identity)
	}

	// What is validated is what is bundled: the file and its calendars are read
	// once.
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s: `rouse init URL` writes a first one, -c config=PATH names another", path)
	}
	if err != nil {
		return err
	}
	now := time.Now()
	team, err := config.ParseWith(text, path, config.Options{Calendar: calendar.Reader(filepath.Dir(path), now)})
	if err != nil {
		return err
	}
	if err := errors.Join(gate(team, path, now, os.Stderr), tooMany(name, team)); err != nil {
		return err
	}
	bundled, err := expanded(team, path)
	if err != nil {
		return err
	}
	assets, err := bundle.Functions(ctx, ".", bundled, functions(team)...)
	if err != nil {
		return err
	}
	compose(app, deployment{name: name, team: team, createIdentity: identity == "create", assets: assets})
	app.Synth(nil)
	return nil
}

// expanded is rouse.yaml as the functions read it, who know no calendars.
func expanded(team *config.Config, path string) ([]byte, error) {
	text, err := team.Expanded()
	if err != nil {
		return nil, err
	}
	if _, err := config.Parse(text, path+" with its calendars written out"); err != nil {
		return nil, err
	}
	return text, nil
}

var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,99}$`)

// setting reads a context value, which the CDK CLI takes with -c.
func setting(app awscdk.App, key, otherwise string) string {
	if value, ok := app.Node().TryGetContext(jsii.String(key)).(string); ok {
		return value
	}
	return otherwise
}
