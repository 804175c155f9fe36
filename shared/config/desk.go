package config

import (
	"slices"
	"strings"

	"rouse/shared/wording"
)

// Limits of what reporters are told.
const (
	LanguagesMax          = 20
	TellsMax              = 100 // small words that give a language away
	AnswersPerHourMax     = 100_000
	AnswersPerHourDefault = 1000
)

// desk reads what reporters are told. Every language is told apart by its own
// small words; those that Rouse speaks already need only what is to be said
// otherwise.
func (b *builder) desk(v value) {
	d := &b.c.Desk
	d.AnswersPerHour = AnswersPerHourDefault
	d.Languages = wording.Languages{wording.English(), wording.Spanish()}
	f := v.fields("desk")
	if !f.valid() {
		return
	}
	d.ShareEvidence = f.get("share_evidence").truth()
	if most := f.get("answers_per_hour"); most.present() {
		d.AnswersPerHour = most.number(1, AnswersPerHourMax)
	}
	for _, e := range f.get("templates").entries("language", LanguagesMax) {
		if t := e.value.fields("templates"); t.valid() {
			d.Languages = said(d.Languages, e.id, t)
		}
	}
	var names []string
	for _, l := range d.Languages {
		names = append(names, l.Name)
	}
	if own := f.get("language"); own.present() {
		i := slices.Index(names, own.reference("language", names))
		if i > 0 { // the first is for all whose language is not known
			first := d.Languages[i]
			d.Languages = append(wording.Languages{first}, slices.Delete(d.Languages, i, i+1)...)
		}
	}
}

// said adds a language's templates to the known ones.
func said(all wording.Languages, name string, f fields) wording.Languages {
	i := slices.IndexFunc(all, func(l wording.Language) bool { return l.Name == name })
	l := wording.Language{Name: name, Templates: map[wording.Kind]wording.Template{}}
	if i >= 0 {
		l = all[i]
	}
	words := f.get("words_of_it")
	for _, item := range words.list("the", TellsMax) {
		l.Tells = append(l.Tells, item.textOf(NameBytesMax))
	}
	if i < 0 && !words.present() {
		f.fault("does not say how %s is known; add words_of_it, its commonest small words, like words_of_it: [le, la, des]", name)
	}
	var lacks []string
	for _, kind := range wording.Kinds() {
		v := f.get(string(kind))
		if !v.present() {
			lacks = append(lacks, string(kind))
			continue
		}
		text := v.lines(wording.TextBytesMax)
		if text == "" {
			continue
		}
		t, err := wording.Parse(kind, text)
		if err != nil {
			v.fault("%v", err)
			continue
		}
		l.Templates[kind] = t
	}
	if i < 0 && len(lacks) > 0 {
		f.fault("lacks %s, and Rouse has no words of its own in %s; write them", strings.Join(lacks, ", "), name)
	}
	if i >= 0 {
		all[i] = l
		return all
	}
	return append(all, l)
}
