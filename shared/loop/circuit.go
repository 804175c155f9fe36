package loop

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/incident"
)

// Bounds of circuits.
const (
	// circuitAfter is how many deliveries in a row a channel must refuse, for
	// reasons that may pass, before it is spared.
	circuitAfter = 5
	circuitFirst = time.Minute
	circuitMax   = 10 * time.Minute
)

// A Circuit spares a channel that is down: until an instant nobody is paged by
// it who has another way. After that it is tried again; the first refusal then
// is enough to spare it for longer. It is stored, so that all functions know.
type Circuit struct {
	Channel string
	Why     string    // in words
	Since   time.Time // when it was first spared
	Until   time.Time // zero: it takes pages again
	Trips   int       // how often in a row
}

// down tells of the circuits which channels are spared at an instant.
func down(circuits []Circuit, now time.Time) func(escalation.Channel) string {
	why := map[escalation.Channel]string{}
	for _, c := range circuits {
		if c.Until.After(now) {
			why[escalation.Channel(c.Channel)] = c.Why
		}
	}
	return func(c escalation.Channel) string { return why[c] }
}

// breaker is what a process knows of how channels fare.
type breaker struct {
	mu       sync.Mutex
	refused  map[string]int // in a row
	circuits map[string]Circuit
}

func (b *breaker) learn(circuits []Circuit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.circuits == nil {
		b.refused, b.circuits = map[string]int{}, map[string]Circuit{}
	}
	for _, c := range circuits {
		if c.Until.After(b.circuits[c.Channel].Until) {
			b.circuits[c.Channel] = c
		}
	}
}

// taken notes that a channel has taken a delivery. It reports whether it had
// been spared.
func (b *breaker) taken(channel string) (c Circuit, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c = b.circuits[channel]
	delete(b.circuits, channel)
	delete(b.refused, channel)
	return Circuit{Channel: channel, Since: c.Since}, c.Trips > 0
}

// refuses notes that a channel has not taken a delivery and may take the next.
// It reports whether it is to be spared from now on.
func (b *breaker) refuses(channel, why string, chance float64, now time.Time) (c Circuit, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c = b.circuits[channel]
	b.refused[channel]++
	switch {
	case c.Until.After(now): // somebody had no other way
		return c, false
	case c.Trips == 0 && b.refused[channel] < circuitAfter:
		return c, false
	case c.Trips == 0:
		c = Circuit{Channel: channel, Since: now}
	}
	most := min(circuitFirst<<min(c.Trips, 8), circuitMax)
	c.Trips++
	c.Until = now.Add(most/2 + time.Duration(chance*float64(most/2)))
	c.Why = fmt.Sprintf("spared since %d deliveries in a row were refused, the last because %s", b.refused[channel], why)
	b.circuits[channel] = c
	return c, true
}

// fares notes how a channel has taken a delivery, and returns what the timeline
// says of that and until when the channel is spared; zero if it is not.
func (l *Loop) fares(ctx context.Context, channel string, err error, permanent bool, chance float64, now time.Time) ([]incident.Event, time.Time) {
	var c Circuit
	var changed bool
	switch {
	case err == nil:
		c, changed = l.breaker.taken(channel)
	case permanent: // which is about a person and not about the channel
		return nil, time.Time{}
	default:
		c, changed = l.breaker.refuses(channel, err.Error(), chance, now)
	}
	if !changed {
		return nil, c.Until
	}
	if err := l.Store.PutCircuit(ctx, c); err != nil { // then this process alone goes by it
		l.Log.ErrorContext(ctx, "circuit", "channel", channel, "error", err)
	}
	e := incident.Event{At: now, Kind: "spared", Why: fmt.Sprintf("%s is %s; it is tried again in %s", channel, c.Why, c.Until.Sub(now).Round(time.Second))}
	if c.Until.IsZero() {
		e = incident.Event{At: now, Kind: "spared", Why: fmt.Sprintf("%s takes pages again, after %s", channel, now.Sub(c.Since).Round(time.Second))}
	}
	l.Log.WarnContext(ctx, "circuit", "channel", channel, "until", c.Until, "why", c.Why)
	return []incident.Event{e}, c.Until
}
