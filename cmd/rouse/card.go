package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"rouse/shared/config"
	"rouse/shared/snsaccount"
)

var cardCommand = command{
	name:  "contact-card",
	args:  "[--who W] [--number N] [--out FOLDER]",
	about: "writes a contact of the number that pages come from, for Do Not Disturb to let through",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var v cardFlags
		flags.StringVar(&v.who, "who", "", "for this responder alone, by `ID`, to the standard output")
		flags.StringVar(&v.number, "number", "", "pages come from this `NUMBER`; sms.number, or the account's own, if not given")
		flags.StringVar(&v.out, "out", ".", "write rouse-WHO.vcf for each responder into this `FOLDER`")
		return func(ctx context.Context, c *call) error { return runCard(ctx, c, v) }
	},
}

type cardFlags struct{ who, number, out string }

func runCard(ctx context.Context, c *call, v cardFlags) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if v.who != "" {
		if err := c.known(cfg, v.who); err != nil {
			return err
		}
	}
	numbers := []string{cmp.Or(v.number, cfg.SMS.Number)}
	if numbers[0] == "" {
		if numbers, err = c.originations(ctx); err != nil {
			return err
		}
	}
	if v.who != "" {
		_, err := fmt.Fprint(c.stdout, card(cfg, numbers, v.who))
		return err
	}
	written := []string{}
	for _, who := range slices.Sorted(maps.Keys(cfg.Responders)) {
		path := filepath.Join(v.out, "rouse-"+who+".vcf")
		if err := os.WriteFile(path, []byte(card(cfg, numbers, who)), 0o644); err != nil {
			return err
		}
		written = append(written, path)
	}
	if c.json {
		return c.print(written)
	}
	fmt.Fprintf(c.stdout, "%s\nSend each to its responder, who opens it on their phone, saves the contact and follows its note.\n", strings.Join(written, "\n"))
	return nil
}

// originations lists the numbers that the account sends SMS from.
func (c *call) originations(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, awsMax)
	defer cancel()
	cfg, err := c.account(ctx)
	if err != nil {
		return nil, err
	}
	numbers, err := (&snsaccount.Account{Client: sns.NewFromConfig(cfg)}).Originations(ctx)
	if err == nil && len(numbers) == 0 {
		err = fmt.Errorf("the account has no number of its own, so that SMS come from changing ones and none can be let through: register one (see the README), or give the one your phone shows as --number")
	}
	return numbers, err
}

// letThrough says how a phone lets the contact ring. Its words are those of the
// phones' menus.
const letThrough = `This is who wakes you. Let it through Do Not Disturb, or an SMS may wake nobody.
iPhone: open this contact, Edit, Text Tone, turn on Emergency Bypass; choose a loud tone.
Android: star this contact; Settings, Notifications, Do Not Disturb, People, Messages: Starred contacts.
Then have a test page sent to you with the phone silent: rouse page --who %s`

// card is a vCard 3.0 (RFC 2426), which every phone reads.
func card(cfg *config.Config, numbers []string, who string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	name := cardText("Rouse: " + cfg.Service)
	line("BEGIN:VCARD")
	line("VERSION:3.0")
	line("N:%s;;;;", name)
	line("FN:%s", name)
	for _, n := range numbers {
		line("TEL;TYPE=CELL,VOICE:%s", n)
	}
	if cfg.Responders[who].Email != "" {
		line("EMAIL;TYPE=INTERNET:no-reply@sns.amazonaws.com")
	}
	line("NOTE:%s", cardText(fmt.Sprintf(letThrough, who)))
	line("END:VCARD")
	return b.String()
}

var cardText = strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\n", `\n`).Replace
