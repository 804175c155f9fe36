package status

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rouse/shared/incident"
)

// HTMLBytesMax bounds the page, whatever there is to say.
const HTMLBytesMax = 20 << 10

var (
	//go:embed status.html
	statusHTML string
	//go:embed status.css
	statusCSS string

	page = template.Must(template.New("status").Funcs(template.FuncMap{
		"css": func() template.CSS { return template.CSS(statusCSS) },
	}).Parse(statusHTML))

	// Policy is the page's Content-Security-Policy: its one style sheet and
	// nothing else.
	Policy = contentPolicy()
)

func contentPolicy() string {
	sum := sha256.Sum256([]byte(statusCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// A fit is how much of it the page shows.
type fit struct {
	days            bool
	incidents       int
	words, wordSize int // of each incident, and bytes of each
}

// fits are tried in their order until the page is small enough. The last one
// always is: a hundred components and three incidents.
var fits = []fit{
	{true, 20, 10, incident.WordsMax},
	{false, 20, 10, incident.WordsMax},
	{false, 10, 2, incident.WordsMax},
	{false, 3, 1, 200},
}

// HTML is the page for people. It has no script and asks for nothing else.
func (p Page) HTML() ([]byte, error) {
	var b bytes.Buffer
	for _, f := range fits {
		b.Reset()
		if err := page.Execute(&b, p.view(f)); err != nil {
			return nil, err
		}
		if b.Len() <= HTMLBytesMax {
			break
		}
	}
	return b.Bytes(), nil
}

type view struct {
	Title, At  string
	Heading    string
	Mood       State
	Components []componentView
	Incidents  []incidentView
	More       int // incidents left out
}

type componentView struct {
	Name, Words, Up string
	State           State
	Picture         template.HTML
}

type incidentView struct {
	Title, Since, Words string
	State               State
	Said                []saidView
}

type saidView struct{ At, Text string }

const stamp = "2 Jan 15:04 MST"

func (p Page) view(f fit) view {
	clock := func(t time.Time) string { return t.In(p.Zone).Format(stamp) }
	v := view{Title: p.Title, At: clock(p.At)}
	v.Heading, v.Mood = p.heading()
	for _, k := range p.Components {
		w := componentView{Name: k.Name, State: k.State, Words: k.State.Words()}
		if k.Known {
			w.Up = percent(k.Up) + " in 90 days"
			if f.days {
				w.Picture = picture(k.Days)
			}
		}
		v.Components = append(v.Components, w)
	}
	for i, in := range p.Incidents {
		if i == f.incidents {
			v.More = len(p.Incidents) - i
			break
		}
		w := incidentView{Title: in.Title, Since: clock(in.Since), Words: in.State.Words(), State: in.State}
		for j, said := range in.Words {
			if j < f.words {
				w.Said = append(w.Said, saidView{clock(said.At), cut(said.Text, f.wordSize)})
			}
		}
		v.Incidents = append(v.Incidents, w)
	}
	return v
}

// heading is the page in a few words: the worst of it.
func (p Page) heading() (string, State) {
	count := map[State]int{}
	for _, k := range p.Components {
		count[k.State]++
	}
	for _, in := range p.Incidents {
		count[in.State]++
	}
	switch {
	case count[Trouble] > 0:
		return "There is trouble", Trouble
	case count[Recovered] > 0:
		return "It looks recovered", Recovered
	case count[Unsure] > 0:
		return "Some tries failed", Unsure
	case count[Unknown] == len(p.Components):
		return "Nothing is checked", Unknown
	}
	return "No trouble seen", Well
}

// percent never rounds up to what was not reached.
func percent(share float64) string {
	return strconv.FormatFloat(float64(int(share*10_000))/100, 'f', 2, 64) + "%"
}

// A day below good is marked, and one below poor is marked as bad.
const (
	goodDay = 0.999
	poorDay = 0.98
)

// picture is the days as bars, those alike that follow each other as one shape.
func picture(days []Day) template.HTML {
	shapes := map[string]*strings.Builder{}
	kinds := []string{"w", "t", "x", "n"}
	for _, k := range kinds {
		shapes[k] = &strings.Builder{}
	}
	trouble := 0
	for i, d := range days {
		kind, top := "w", 0
		switch {
		case !d.Known:
			kind, top = "n", 16
		case d.Up < poorDay:
			kind = "x"
		case d.Up < goodDay:
			kind, top = "t", 8
		}
		if kind == "x" || kind == "t" {
			trouble++
		}
		fmt.Fprintf(shapes[kind], "M%d %dh3V20h-3z", i*4, top)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d 20" preserveAspectRatio="none" role="img" aria-label="%d of the last %d days had trouble">`, len(days)*4, trouble, len(days))
	for _, k := range kinds {
		if shapes[k].Len() > 0 {
			fmt.Fprintf(&b, `<path class="%s" d="%s"/>`, k, shapes[k])
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// cut shortens s to n bytes between characters, and shows that it did.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// JSON is the page for programs. Times are RFC 3339 by UTC.
func (p Page) JSON() ([]byte, error) {
	type dayRow struct {
		Date string   `json:"date"`
		Up   *float64 `json:"up"` // null: nobody looked
	}
	type componentRow struct {
		Name  string   `json:"name"`
		State State    `json:"state"`
		Up    *float64 `json:"up_90_days"`
		Days  []dayRow `json:"days"`
	}
	type wordsRow struct {
		At   time.Time `json:"at"`
		Text string    `json:"text"`
	}
	type incidentRow struct {
		ID        incident.ID `json:"id"`
		Component string      `json:"component"` // "" if it is about none
		State     State       `json:"state"`
		Since     time.Time   `json:"since"`
		Words     []wordsRow  `json:"words"`
	}
	share := func(up float64, known bool) *float64 {
		if !known {
			return nil
		}
		return &up
	}
	doc := struct {
		Title      string         `json:"title"`
		At         time.Time      `json:"at"`
		Components []componentRow `json:"components"`
		Incidents  []incidentRow  `json:"incidents"`
	}{p.Title, p.At.UTC(), []componentRow{}, []incidentRow{}}
	for _, k := range p.Components {
		row := componentRow{k.Name, k.State, share(k.Up, k.Known), []dayRow{}}
		for _, d := range k.Days {
			row.Days = append(row.Days, dayRow{d.From.Format(time.DateOnly), share(d.Up, d.Known)})
		}
		doc.Components = append(doc.Components, row)
	}
	for _, in := range p.Incidents {
		row := incidentRow{in.ID, in.Title, in.State, in.Since.UTC(), []wordsRow{}}
		for _, w := range in.Words {
			row.Words = append(row.Words, wordsRow{w.At.UTC(), w.Text})
		}
		doc.Incidents = append(doc.Incidents, row)
	}
	return json.Marshal(doc)
}

// RSS is the page for feed readers: an entry for each incident that is shown
// and for each of an engineer's words. link is where the page is.
func (p Page) RSS(link string) ([]byte, error) {
	type guid struct {
		Permanent bool   `xml:"isPermaLink,attr"`
		ID        string `xml:",chardata"`
	}
	type item struct {
		Title string `xml:"title"`
		Text  string `xml:"description,omitempty"`
		Link  string `xml:"link"`
		GUID  guid   `xml:"guid"`
		At    string `xml:"pubDate"`
	}
	type channel struct {
		Title string `xml:"title"`
		Link  string `xml:"link"`
		About string `xml:"description"`
		Built string `xml:"lastBuildDate"`
		Items []item `xml:"item"`
	}
	c := channel{Title: p.Title, Link: link, About: p.Title, Built: p.At.UTC().Format(time.RFC1123Z)}
	for _, in := range p.Incidents {
		what := "Incident"
		if in.Title != "" {
			what = "Trouble: " + in.Title
		}
		entry := func(id, text string, at time.Time) {
			c.Items = append(c.Items, item{what, text, link, guid{ID: id}, at.UTC().Format(time.RFC1123Z)})
		}
		for i, w := range in.Words {
			entry(fmt.Sprintf("%s/%d", in.ID, len(in.Words)-i), w.Text, w.At)
		}
		entry(string(in.ID), "", in.Since)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	err := xml.NewEncoder(&b).Encode(struct {
		XMLName xml.Name `xml:"rss"`
		Version string   `xml:"version,attr"`
		Channel channel  `xml:"channel"`
	}{Version: "2.0", Channel: c})
	return b.Bytes(), err
}
