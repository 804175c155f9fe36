package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"rouse/shared/config"
)

var initCommand = command{
	name:  "init",
	args:  "URL",
	about: "writes a first rouse.yaml for a service",
	flags: func(*flag.FlagSet) func(context.Context, *call) error { return runInit },
}

//go:embed init.yaml
var firstConfig string

func runInit(_ context.Context, c *call) error {
	if len(c.args) != 1 {
		return misused("which service? Give one URL, like rouse init https://app.example.com/login")
	}
	address := c.args[0]
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return misused("%q is not a URL; write it like https://app.example.com/login", c.args[0])
	}
	// What a URL can hold and a name cannot is quoted by %q, which YAML reads.
	text := strings.NewReplacer("{{service}}", serviceName(u.Hostname()), "{{url}}", fmt.Sprintf("%q", address)).Replace(firstConfig)
	var faults *config.Faults
	if _, err := config.Parse([]byte(text), c.configPath); errors.As(err, &faults) {
		return misused("%s", faults.List[0].Message)
	} else if err != nil {
		return err
	}
	f, err := os.OpenFile(c.configPath, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and is left as it is; move it away first, or write elsewhere with --config FILE", c.configPath)
	}
	if err != nil {
		return err
	}
	if _, err = f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]string{"wrote": c.configPath})
	}
	fmt.Fprintf(c.stdout, "Wrote %s: one check of %s, and everyone is paged every five minutes.\n\nFill in:\n", c.configPath, address)
	for i, line := range strings.Split(text, "\n") {
		if _, what, found := strings.Cut(line, "# FILL IN: "); found {
			fmt.Fprintf(c.stdout, "  line %-3d %s\n", i+1, what)
		}
	}
	fmt.Fprint(c.stdout, "\nThen: rouse config, rouse check, and rouse local to see it page you.\n")
	return nil
}

// serviceName makes a name of a host: app.example.com is Example.
func serviceName(host string) string {
	labels := strings.Split(host, ".")
	name := labels[0]
	if len(labels) > 1 && strings.Trim(host, "0123456789.") != "" {
		name = labels[len(labels)-2]
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, name)
	if name == "" || strings.Trim(name, "0123456789-") == "" {
		return "Service"
	}
	return strings.ToUpper(name[:1]) + name[1:min(len(name), config.NameBytesMax)]
}
