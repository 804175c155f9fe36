package probe

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"rouse/shared/check"
)

const capturedBytesMax = 8 << 10

// flow walks the steps until one fails, and blames that one.
func (p *Prober) flow(ctx context.Context, steps []check.FlowStep, secrets values) string {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "invalid request"
	}
	v := visitor{roots: p.Roots, open: p.dialer().DialContext, values: values{}, jar: jar, origins: originsOf(steps)}
	maps.Copy(v.values, secrets)
	for _, s := range steps {
		a, why := v.visit(ctx, s.HTTP, time.Now())
		for _, c := range s.Captures {
			if why != "" {
				break
			}
			var value string
			if value, why = capture(c, a); why == "" {
				v.values[check.Ref{Name: c.Name}] = value
			}
		}
		if why != "" {
			return s.Name + ": " + why
		}
		v.from = a.from
	}
	return ""
}

// originsOf lists where the steps' own URLs lead. An address that a page gives
// may lead there, too, and nowhere else: cookies, and what the step sends
// along, are meant for these.
func originsOf(steps []check.FlowStep) (origins []string) {
	for _, s := range steps {
		if u, err := (values{}).url(s.URL, nil); err == nil {
			origins = append(origins, origin(u))
		}
	}
	return origins
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// capture takes a value from an answer, or says that it is not there.
func capture(c check.Capture, a answer) (value, why string) {
	var ok bool
	switch {
	case c.Path != nil:
		value, ok = c.At(a.body)
		why = fmt.Sprintf("JSON lacks %s", c.Path)
	case c.Field != "":
		value, ok = formField(a.body, c.Field)
		why = "no form field " + c.Field
	case c.Header != "":
		values := a.header[c.Header]
		if len(values) == 0 {
			return "", "no header " + c.Header
		}
		i := slices.IndexFunc(values, func(s string) bool { _, ok := c.Find(s); return ok })
		if i >= 0 {
			value, ok = c.Find(values[i])
		}
		why = "header " + c.Header + " does not match"
	default:
		value, ok = c.Find(string(a.body))
		why = "body does not match"
	}
	switch {
	case !ok:
		return "", why
	case value == "":
		return "", c.Name + " is empty"
	case len(value) > capturedBytesMax:
		return "", c.Name + " is over 8 KB"
	}
	return value, ""
}

// formField returns the value of the first field of the name in a page.
func formField(page []byte, name string) (string, bool) {
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken: // of which the end is one
			return "", false
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		tag := tokens.Token()
		if attribute(tag, "name") != name {
			continue
		}
		switch tag.DataAtom {
		case atom.Input, atom.Button:
			return attribute(tag, "value"), true
		case atom.Textarea:
			if tokens.Next() != html.TextToken {
				return "", true
			}
			return tokens.Token().Data, true
		}
	}
}

func attribute(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
