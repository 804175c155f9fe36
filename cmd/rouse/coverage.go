package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/oncall"
	"rouse/shared/oncall/picture"
)

var coverageCommand = command{
	name:  "coverage",
	args:  "[--from T] [--to T] [--svg F]",
	about: "draws the rota and tells every hole in it",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v coverageFlags
		flags.StringVar(&v.from, "from", "", "from this `TIME`, RFC 3339 or by the owner's clock; now if not given")
		flags.StringVar(&v.to, "to", "", "until this `TIME`, exclusive (a date alone includes that day); the horizon if not given")
		flags.StringVar(&v.svg, "svg", "", "also draw it as a picture into `FILE`")
		tableFlag(flags, &v.table)
		return func(ctx context.Context, c *call) error { return runCoverage(ctx, c, v) }
	},
}

type coverageFlags struct{ from, to, svg, table string }

type holeRow struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why"`
}

// drawnDays is how much of the horizon is drawn when nobody says what they want
// to see; holes are told for all of it.
const drawnDays = 14

func runCoverage(ctx context.Context, c *call, v coverageFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.current(ctx, v.table)
	if err != nil {
		return err
	}
	begin, end, err := window(v.from, v.to, cfg.Zone(), cfg.Coverage.Horizon)
	if err != nil {
		return err
	}
	c.warnBeyond(cfg, end)
	holes := cfg.Holes(begin, end)
	shown := end
	if v.to == "" {
		last := oncall.CivilOf(begin)
		last = oncall.Civil{Year: last.Year, Month: last.Month, Day: last.Day + drawnDays}
		if midnight := last.First(begin.Location()); midnight.Before(end) {
			shown = midnight
		}
	}
	plan := picture.Plan{Rota: cfg.Rota, Schedules: cfg.Coverage.Schedules, From: begin, To: shown, Zone: begin.Location()}
	var later []oncall.Hole
	for _, h := range holes {
		if h.From.Before(shown) {
			plan.Holes = append(plan.Holes, h)
		} else {
			later = append(later, h)
		}
	}
	if v.svg != "" {
		if err := os.WriteFile(v.svg, []byte(picture.SVG(plan)), 0o644); err != nil {
			return fmt.Errorf("the picture could not be written: %w", err)
		}
	}
	if c.json {
		rows := []holeRow{}
		for _, h := range holes {
			rows = append(rows, holeRow{h.From.UTC(), h.To.UTC(), h.Why})
		}
		err = c.print(struct {
			Holes []holeRow `json:"holes"`
		}{rows})
	} else {
		c.printCoverage(cfg, plan, later, end)
	}
	if err == nil && len(holes) > 0 {
		err = errNo
	}
	return err
}

func (c *call) printCoverage(cfg *config.Config, plan picture.Plan, later []oncall.Hole, end time.Time) {
	if len(plan.Schedules) == 0 {
		fmt.Fprintln(c.stdout, "No policy pages a schedule first, so there is no rota to have holes.")
		return
	}
	fmt.Fprint(c.stdout, picture.Text(plan, c.terminal()))
	if len(later) > 0 {
		fmt.Fprintf(c.stdout, "\nLater, until %s:\n", end.Format(stamp))
		for _, h := range later {
			fmt.Fprintf(c.stdout, "  %s to %s: %s\n", h.From.Format(stamp), h.To.Format(stamp), h.Why)
		}
	}
	for i, h := range append(plan.Holes, later...) {
		if i == 0 {
			fmt.Fprintln(c.stdout)
		}
		path := cfg.Mend(h)
		if path == "" {
			fmt.Fprintf(c.stdout, "mend it with rouse away --list and --remove, or rouse override, for the hole of %s\n", h.From.Format(stamp))
			continue
		}
		line, column := cfg.Position(path)
		fmt.Fprintf(c.stdout, "mend %s:%d:%d (%s) for the hole of %s\n", c.configPath, line, column, path, h.From.Format(stamp))
	}
	for _, a := range cfg.Coverage.Accept {
		if a.From.Before(end) && plan.From.Before(a.To) {
			zone := plan.Zone
			fmt.Fprintf(c.stdout, "accepted: %s to %s (%s)\n", a.From.In(zone).Format(stamp), a.To.In(zone).Format(stamp), a.Why)
		}
	}
}

// terminal says what the output can show, by the usual environment variables.
func (c *call) terminal() picture.TextOptions {
	o := picture.TextOptions{ASCII: true}
	o.Columns, _ = strconv.Atoi(c.env("COLUMNS"))
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set decides
		if locale := c.env(name); locale != "" {
			locale = strings.ToUpper(locale)
			o.ASCII = !strings.Contains(locale, "UTF-8") && !strings.Contains(locale, "UTF8")
			break
		}
	}
	if f, ok := c.stdout.(*os.File); ok && c.env("NO_COLOR") == "" && c.env("TERM") != "dumb" {
		info, err := f.Stat()
		o.Color = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return o
}
