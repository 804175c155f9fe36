package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText returns what a reader of the page sees, line by line, quotations
// marked with ">" as in plain text. It reads tokens and builds no tree, so
// that its time grows with the length of s only.
func htmlText(s string) string {
	var (
		out    strings.Builder
		line   strings.Builder
		quotes int
		hidden int // depth of elements whose text is not shown
	)
	flush := func() {
		text := strings.Join(strings.Fields(line.String()), " ")
		line.Reset()
		if quotes > 0 && text != "" {
			text = "> " + text
		}
		out.WriteString(text + "\n")
	}
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(partBytesMax)
	for {
		switch z.Next() {
		case html.ErrorToken:
			flush()
			return strings.TrimSpace(out.String())
		case html.TextToken:
			if hidden == 0 {
				line.Write(z.Text())
			}
		case html.StartTagToken:
			switch tag := tagOf(z); {
			case tag == atom.Blockquote:
				flush()
				quotes++
			case hides(tag):
				hidden++
			case tag == atom.Hr:
				flush()
				line.WriteString(ruler)
				flush()
			case breaks(tag):
				flush()
			case tag == atom.Td || tag == atom.Th:
				line.WriteByte(' ')
			}
		case html.SelfClosingTagToken:
			switch tag := tagOf(z); {
			case tag == atom.Hr:
				flush()
				line.WriteString(ruler)
				flush()
			case breaks(tag):
				flush()
			}
		case html.EndTagToken:
			switch tag := tagOf(z); {
			case tag == atom.Blockquote:
				flush()
				quotes = max(0, quotes-1)
			case hides(tag):
				hidden = max(0, hidden-1)
			case breaks(tag):
				flush()
			}
		}
	}
}

func tagOf(z *html.Tokenizer) atom.Atom {
	name, _ := z.TagName()
	return atom.Lookup(name)
}

func hides(a atom.Atom) bool {
	switch a {
	case atom.Style, atom.Script, atom.Title, atom.Template:
		return true
	}
	return false
}

func breaks(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.P, atom.Div, atom.Tr, atom.Li, atom.Ul, atom.Ol, atom.Table, atom.Pre,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Section, atom.Article:
		return true
	}
	return false
}
