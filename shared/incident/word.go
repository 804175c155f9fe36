package incident

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// The signs of a word: a digit first and letters after it, so that no phone
// corrects it to a word of a language, and none of those that are mistaken for
// another one on a small screen or through a telephone.
const (
	wordDigits  = "23456789"
	wordLetters = "ACDEFHJKMNPRTWXY"
)

// A word has a letter more after each wordTries tries, from two signs to
// wordSignsMax: a storm opens more incidents than there are short words.
const (
	wordTries    = 4
	wordSignsMax = 5
)

// WordOf returns what people call the incident in an SMS: "7K". A word that is
// another incident's is followed by that of the next try, counted from zero. ""
// is that there is none left: it is better paged without one than not at all.
func WordOf(id ID, try int) string {
	signs := 2 + try/wordTries
	if signs > wordSignsMax {
		return ""
	}
	sum := sha256.Sum256(append([]byte(id), byte(try)))
	n := binary.BigEndian.Uint64(sum[:])
	var b strings.Builder
	take := func(signs string) {
		b.WriteByte(signs[n%uint64(len(signs))])
		n /= uint64(len(signs))
	}
	take(wordDigits)
	for range signs - 1 {
		take(wordLetters)
	}
	return b.String()
}

// IsWord reports whether s could be what WordOf returns.
func IsWord(s string) bool {
	return len(s) >= 2 && len(s) <= wordSignsMax && strings.Contains(wordDigits, s[:1]) && strings.Trim(s[1:], wordLetters) == ""
}
