package check

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// A Heartbeat is a job that calls us when it has run. It is late when nothing
// came for Every and Grace, counted from its last call, or from when it was
// first looked at: one that never calls is late as well.
type Heartbeat struct {
	Every  time.Duration // how often it runs
	Grace  time.Duration // how late it may be
	Secret string        // name of the secret of which its URL is made
}

// A Job is what is known of the calls of one; zero times have not been.
type Job struct {
	Armed time.Time // when it was first looked at
	Good  time.Time // when it last said that it has run
	Bad   time.Time // when it last said that it has failed
}

// Fault says in few words what is wrong at an instant; "" if nothing is.
func (h Heartbeat) Fault(j Job, at time.Time) string {
	if j.Bad.After(j.Good) {
		return "it said that it failed"
	}
	if within := h.Every + h.Grace; at.Sub(later(j.Armed, j.Good)) > within {
		return "no beat for " + short(within)
	}
	return ""
}

// short writes a duration without its zero parts: 1h30m, 25h.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if rest, ok := strings.CutSuffix(s, zero); ok && rest != "" && strings.HasSuffix(rest, map[string]string{"0s": "m", "0m": "h"}[zero]) {
			s = rest
		}
	}
	return s
}

// codeBytes of an HMAC are 128 bits, written as 32 hexadecimal digits.
const codeBytes = 16

// BeatCode is what the job of the check called name calls, below /beat/: who does
// not know the secret cannot guess it.
func BeatCode(name, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "beat/%s", name)
	return name + "." + hex.EncodeToString(mac.Sum(nil)[:codeBytes])
}

// IsBeatCode reports whether code is BeatCode(name, secret), in a time that does not
// tell how much of it is right.
func IsBeatCode(code, name, secret string) bool {
	return secret != "" && hmac.Equal([]byte(code), []byte(BeatCode(name, secret)))
}
