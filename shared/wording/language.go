package wording

import (
	"fmt"
	"strings"
	"unicode"
)

// A Language is all that reporters who write it are told.
type Language struct {
	Name      string   // "en"
	Tells     []string // small words by which a text is known to be of it
	Templates map[Kind]Template
}

// English returns the messages in English.
func English() Language {
	return language("en",
		"the is are we our to of and not can cannot have it for hi hello please thanks since this that you your from with",
		map[Kind]string{
			Received: "We have your message; a person will read it by {by}. || We have your message.\n" +
				"{who} is already looking into a problem with {capability}.",
			Called:    "We have your message, and a person is being called to it.",
			Taken:     "{who} is working on this now (since {at}).",
			Recovered: "It looks recovered to us for now. We are still watching and have not closed it.\nOur checks have been well since {since}.\nIf it still fails for you, please reply: that reaches the engineer.",
			Relapsed:  "It is failing again, and we are on it. What we wrote before no longer holds.",
			Closing: "Our checks have been well since {since}, and we consider this over. || It has stayed well, and we consider this over.\n" +
				"If it still fails for you, reply: it reopens this and reaches the engineer.",
			Words:     "{words}\n\n{who}, {service}",
			Signature: "{service} (automatic message {incident})",
			Somebody:  "One of our engineers",
		})
}

// Spanish returns the messages in Spanish.
func Spanish() Language {
	return language("es",
		"el la los las de que en un una por con para está están hola gracias pero nuestro nuestra nuestros podemos puede pueden desde hace y nos su del al",
		map[Kind]string{
			Received: "Hemos recibido su mensaje; una persona lo leerá antes de las {by}. || Hemos recibido su mensaje.\n" +
				"{who} ya está estudiando un problema con {capability}.",
			Called:    "Hemos recibido su mensaje y estamos avisando a una persona.",
			Taken:     "{who} está trabajando en ello (desde las {at}).",
			Recovered: "Por ahora parece que vuelve a funcionar. Seguimos vigilando y no lo hemos cerrado.\nNuestras comprobaciones van bien desde las {since}.\nSi a ustedes les sigue fallando, respondan a este mensaje: llega al ingeniero.",
			Relapsed:  "Vuelve a fallar y estamos en ello. Lo que escribimos antes ya no vale.",
			Closing: "Nuestras comprobaciones van bien desde las {since} y lo damos por terminado. || Ha seguido funcionando y lo damos por terminado.\n" +
				"Si a ustedes les sigue fallando, respondan: se vuelve a abrir y llega al ingeniero.",
			Words:     "{words}\n\n{who}, {service}",
			Signature: "{service} (mensaje automático {incident})",
			Somebody:  "Uno de nuestros ingenieros",
		})
}

func language(name, tells string, texts map[Kind]string) Language {
	l := Language{Name: name, Tells: strings.Fields(tells), Templates: map[Kind]Template{}}
	for _, kind := range Kinds() {
		t, err := Parse(kind, texts[kind])
		if err != nil {
			panic(fmt.Sprintf("%s, %s: %v", name, kind, err)) // a test reads them all
		}
		l.Templates[kind] = t
	}
	return l
}

// Languages are those in which reporters can be told something; the first is
// for all whose language is not known.
type Languages []Language

// wordsMax is how much of a text is looked at.
const wordsMax = 300

// Of returns the name of the language that a text is written in: that of which
// it has most small words, if there are two of them and no other has as many.
// "" if that is nobody's.
func (l Languages) Of(text string) string {
	count := map[string]int{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		if count[w]++; len(count) == wordsMax {
			break
		}
	}
	best, most, tie := "", 1, false
	for _, lang := range l {
		n := 0
		for _, tell := range lang.Tells {
			n += count[tell]
		}
		switch {
		case n > most:
			best, most, tie = lang.Name, n, false
		case n == most:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}

// In returns the language of that name, or the first.
func (l Languages) In(name string) Language {
	for _, lang := range l {
		if lang.Name == name {
			return lang
		}
	}
	return l[0]
}
