package demo

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"rouse/shared/clock"
)

// service is the newsroom's log-in page. It listens, and it misbehaves as it
// did that night: some answers are what they should be and some are not.
type service struct {
	clock clock.Clock
	http  *http.Server
	addr  string
}

// failing is the share of answers that fail in a stretch of the night.
type failing struct {
	from, to time.Time
	share    float64
}

// failures are when the service failed, and how much of it.
func failures() []failing {
	return []failing{
		{at("21:50"), at("22:36"), 0.4}, // on and off
		{at("23:00"), at("23:45"), 0.5}, // the relapse
	}
}

func serve(clk clock.Clock) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{clock: clk, addr: l.Addr().String()}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Second}
	go s.http.Serve(l)
	return s, nil
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.clock.Now()
	for _, f := range failures() {
		if now.Before(f.from) || !now.Before(f.to) {
			continue
		}
		switch x := chance(now); {
		case x < f.share*2/3:
			http.Error(w, "session store unavailable", http.StatusBadGateway)
			return
		case x < f.share: // an error page that says 200, as they do
			io.WriteString(w, "<title>Something went wrong</title>")
			return
		}
	}
	io.WriteString(w, "<title>Newsroom</title><form>Sign in</form>")
}

// chance is a number from 0 to 1 that depends on nothing but the time, so that
// the night is the same night each time it is told.
func chance(t time.Time) float64 {
	return rand.New(rand.NewPCG(uint64(t.UnixNano()), 2026)).Float64()
}

// at is a time of that night in the newsroom's own zone; before noon it is the
// morning after.
func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-03 "+clock, central)
	if err != nil {
		panic(err)
	}
	if t.Hour() < 12 {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

var central = zone("America/Chicago")

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // cmd/rouse embeds the zone database
	}
	return loc
}
