package s3mail

import "testing"

func TestID(t *testing.T) {
	for key, want := range map[string]string{
		"new/0100018bcfe568d7":              "0100018bcfe568d7",
		"new/day/1":                         "day/1",
		"new/":                              "",
		"new/AMAZON_SES_SETUP_NOTIFICATION": "",
		"read/2026/11/02/0100018bcfe568d7":  "",
		"newer/x":                           "",
		"":                                  "",
	} {
		id, ok := ID(key)
		if ok != (want != "") || ok && id != want {
			t.Errorf("%q: %q, %v, want %q", key, id, ok, want)
		}
	}
}
