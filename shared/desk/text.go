package desk

import (
	"html"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/wording"
)

// languages are those that reporters are told in.
func (d *Desk) languages() wording.Languages {
	if len(d.Languages) == 0 {
		return wording.Languages{wording.English()}
	}
	return d.Languages
}

// Text is what a reporter is told, in their language and by their clock.
func (d *Desk) Text(w Walk, r incident.Reporter) string {
	lang := d.languages().In(r.Language)
	v := wording.Values{"service": d.Service, "incident": string(w.Incident), "capability": w.Capability, "words": w.Text}
	if v["capability"] == "" {
		v["capability"] = d.Service
	}
	if w.Who != "" || w.Kind == incident.NoticeTaken {
		if v["who"] = d.Names[w.Who]; v["who"] == "" {
			v["who"] = lang.Templates[wording.Somebody].Fill(v)
		}
	}
	zone := d.zone(r, w.At)
	at := func(t time.Time) string { return t.In(zone).Format("15:04 MST") }
	kind := wording.Kind(w.Kind)
	switch w.Kind {
	case incident.NoticeReceived:
		by := r.By
		if by.IsZero() {
			by = w.By
		}
		switch {
		case by.After(d.Clock.Now()):
			v["by"] = at(by)
		case w.Who == "":
			kind = wording.Called
		}
	case incident.NoticeTaken:
		v["at"] = at(w.At)
	case incident.NoticeRecovered, incident.NoticeClosing:
		if d.ShareEvidence && !w.By.IsZero() {
			v["since"] = at(w.By)
		}
	}
	text := lang.Templates[kind].Fill(v)
	if w.Kind != incident.NoticeWords {
		text += "\n\n" + lang.Templates[wording.Signature].Fill(v)
	}
	return text + "\n"
}

// zone is by whose clock a reporter is told times. A mail reveals no more than
// an offset: where it is that of the desk's own zone, they hear the name that
// it has there.
func (d *Desk) zone(r incident.Reporter, at time.Time) *time.Location {
	theirs, err := time.Parse("-07:00", r.Zone)
	if err != nil {
		return d.Zone
	}
	_, offset := theirs.Zone()
	if _, ours := at.In(d.Zone).Zone(); ours == offset {
		return d.Zone
	}
	return time.FixedZone("UTC"+r.Zone, offset)
}

// page is the text as simple HTML. Nothing in it is more than text.
func page(text string) string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html><body style=\"font:16px/1.5 sans-serif\">\n")
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(strings.TrimSpace(paragraph), "\n")
		for i := range lines {
			lines[i] = html.EscapeString(lines[i])
		}
		b.WriteString("<p>" + strings.Join(lines, "<br>\n") + "</p>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
