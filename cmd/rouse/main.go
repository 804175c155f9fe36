// Command rouse is the operator's side of Rouse: it validates rouse.yaml, says
// who is on call and where the rota has holes, tries checks and mails, and runs
// the whole system on this machine.
//
// Exit status: 0 fine, 1 the answer is "no" (holes, invalid, failed), 2 misuse.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	_ "time/tzdata" // a machine without a zone database still knows every zone

	"github.com/aws/aws-sdk-go-v2/aws"

	"rouse/shared/config"
	"rouse/shared/oncall"
)

// A command is one word that rouse understands.
type command struct {
	name  string
	args  string // how its arguments are written
	about string // in a few words
	// flags declares the command's own flags and returns what runs it once
	// they are read.
	flags func(*flag.FlagSet) func(context.Context, *call) error
}

// commands lists them in the order in which they are explained.
func commands() []command {
	return []command{
		demoCommand,
		localCommand,
		initCommand,
		configCommand,
		whoCommand,
		shiftsCommand,
		coverageCommand,
		overrideCommand,
		awayCommand,
		muteCommand,
		calendarCommand,
		raiseCommand,
		pageCommand,
		drillCommand,
		doctorCommand,
		confirmCommand,
		cardCommand,
		incidentsCommand,
		timelineCommand,
		postmortemCommand,
		ackCommand,
		nextCommand,
		snoozeCommand,
		passCommand,
		resolveCommand,
		tellCommand,
		reportsCommand,
		reportCommand,
		promisesCommand,
		checkCommand,
		verdictCommand,
		uptimeCommand,
		mailCommand,
		simulateCommand,
	}
}

// A call is one run of a command.
type call struct {
	args           []string // without flags
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	configPath     string
	json           bool

	aws *aws.Config // once a deployed table is opened
}

// errNo is the answer "no", once it has been printed: exit status 1.
var errNo = errors.New("no")

// A misuse is a call that cannot be understood: exit status 2.
type misuse struct{ message string }

func (m misuse) Error() string { return m.message }

func misused(format string, args ...any) error { return misuse{fmt.Sprintf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(status)
}

// run is the whole program. args are without its name.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	c := &call{stdin: stdin, stdout: stdout, stderr: stderr, env: env, configPath: defaultConfig}
	err := c.run(ctx, args)
	var m misuse
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNo):
		return 1
	case errors.As(err, &m):
		fmt.Fprintf(stderr, "rouse: %s\n", m.message)
		return 2
	}
	var faults *config.Faults
	if errors.As(err, &faults) {
		fmt.Fprintln(stderr, faults) // each line names the file already
	} else {
		fmt.Fprintf(stderr, "rouse: %v\n", err)
	}
	return 1
}

const defaultConfig = "rouse.yaml"

func (c *call) run(ctx context.Context, args []string) error {
	first := c.flagSet("rouse")
	if err := first.Parse(args); errors.Is(err, flag.ErrHelp) {
		return c.help(c.stdout)
	} else if err != nil {
		return misused("%v; `rouse help` lists the commands", err)
	}
	args = first.Args()
	if len(args) == 0 {
		c.help(c.stderr)
		return misused("which command?")
	}
	if args[0] == "help" {
		return c.help(c.stdout)
	}
	var names []string
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return c.command(ctx, cmd, args[1:])
		}
		names = append(names, cmd.name)
	}
	return misused("%q is not a command; there are %s", args[0], strings.Join(names, ", "))
}

// command reads the flags, which may stand before and after other arguments,
// and runs the command.
func (c *call) command(ctx context.Context, cmd command, args []string) error {
	flags := c.flagSet(cmd.name)
	runs := cmd.flags(flags)
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return c.usage(cmd, flags)
		} else if err != nil {
			return misused("%v; `rouse %s -h` lists the flags", err, cmd.name)
		}
		if flags.NArg() == 0 {
			break
		}
		c.args = append(c.args, flags.Arg(0))
		args = flags.Args()[1:]
	}
	return runs(ctx, c)
}

func (c *call) flagSet(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are told once, by run
	flags.StringVar(&c.configPath, "config", c.configPath, "read this `FILE` instead of rouse.yaml")
	flags.BoolVar(&c.json, "json", c.json, "print one JSON document")
	return flags
}

func (c *call) help(w io.Writer) error {
	fmt.Fprint(w, "Rouse wakes somebody up.\n\n  rouse [--config FILE] [--json] COMMAND …\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cmd := range commands() {
		fmt.Fprintf(table, "  %s\t%s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.about)
	}
	table.Flush()
	fmt.Fprint(w, "\n`rouse COMMAND -h` lists a command's flags. Exit status: 0 fine, 1 the answer is no, 2 misuse.\n")
	return nil
}

func (c *call) usage(cmd command, flags *flag.FlagSet) error {
	fmt.Fprintf(c.stdout, "rouse %s: %s\n\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.about)
	flags.SetOutput(c.stdout)
	flags.PrintDefaults()
	return nil
}

// noArgs refuses arguments that a command would ignore.
func (c *call) noArgs() error {
	if len(c.args) > 0 {
		return misused("%q is one word too many", c.args[0])
	}
	return nil
}

// print writes v as the one JSON document of a command.
func (c *call) print(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// instant reads a time as a flag gives it: RFC 3339, or by the clock of zone.
// A date alone is its first instant or, as the end of something, the end of
// that day.
func instant(name, s string, zone *time.Location, end bool) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	c, err := oncall.ParseCivil(s)
	dateOnly := len(s) == len("2006-01-02")
	switch {
	case err != nil:
		return time.Time{}, misused("--%s: %q is not a time; write it like 2026-11-02T09:00-06:00, 2026-11-02T09:00 or 2026-11-02", name, s)
	case !dateOnly && !c.Exists(zone):
		return time.Time{}, misused("--%s: %s does not exist in %s, where clocks are put forward then; write %s", name, s, zone, oncall.CivilOf(c.First(zone)))
	case dateOnly && end:
		c.Day++
	}
	return c.First(zone), nil
}

// window reads --from and --to, by default the given length from now.
func window(from, to string, zone *time.Location, length time.Duration) (time.Time, time.Time, error) {
	begin := time.Now().In(zone).Truncate(time.Second)
	if from != "" {
		t, err := instant("from", from, zone, false)
		if err != nil {
			return t, t, err
		}
		begin = t.In(zone)
	}
	end := begin.Add(length)
	if to != "" {
		t, err := instant("to", to, zone, true)
		if err != nil {
			return t, t, err
		}
		end = t.In(zone)
	}
	switch {
	case !begin.Before(end):
		return begin, end, misused("--to (%s) is not after --from (%s)", end.Format(time.RFC3339), begin.Format(time.RFC3339))
	case end.Sub(begin) > windowMax:
		return begin, end, misused("from %s to %s is more than ten years; ask for less", begin.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	return begin, end, nil
}

const windowMax = 3660 * 24 * time.Hour
