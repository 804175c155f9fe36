package loop

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// codeBytes is the strength of a code: 128 bits.
const codeBytes = 16

// NewSecret returns a new code as it stands in a link: 22 characters that are
// safe in a URL.
func NewSecret() string {
	var b [codeBytes]byte
	rand.Read(b[:]) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// HashSecret is what is stored of a code.
func HashSecret(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// WellFormed reports whether code could be one of ours.
func WellFormed(code string) bool {
	b, err := base64.RawURLEncoding.DecodeString(code)
	return err == nil && len(b) == codeBytes
}
