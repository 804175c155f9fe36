package history

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A sketch is a histogram of latencies, written down: for each of its counters
// that is not zero, how many lie between it and the one before, and its count,
// both as varints. Three samples are seven bytes.
type sketch string

// What a histogram counts, in milliseconds. One significant figure is counters
// that are a sixteenth apart at most.
const (
	latencyMin = 1
	latencyMax = 65_000
	figures    = 1
)

// tops is the highest latency that each counter counts.
var tops = func() (tops []int64) {
	h := hdrhistogram.New(latencyMin, latencyMax, figures)
	h.RecordValue(latencyMax)              // the distribution ends with the highest
	for _, bar := range h.Distribution() { // in the order of the counters
		tops = append(tops, bar.To)
	}
	return tops
}()

type counts []int64 // by counter

func newCounts() counts { return make(counts, len(tops)) }

func (s sketch) with(took time.Duration) sketch {
	c := newCounts()
	s.addTo(c)
	i, _ := slices.BinarySearch(tops, min(max(took.Milliseconds(), latencyMin), latencyMax))
	c[i]++
	return c.written()
}

func merged(all []sketch) sketch {
	sum := newCounts()
	for _, s := range all {
		s.addTo(sum)
	}
	return sum.written()
}

func (s sketch) quantile(q float64) time.Duration {
	if s == "" {
		return 0
	}
	c := newCounts()
	s.addTo(c)
	all := hdrhistogram.New(latencyMin, latencyMax, figures).Export()
	copy(all.Counts, c)
	h := hdrhistogram.Import(all)
	// The least there is is the first of them; the library knows none before it.
	q = max(q, 1/float64(h.TotalCount()))
	return time.Duration(h.ValueAtQuantile(100*q)) * time.Millisecond
}

func (c counts) written() sketch {
	var b []byte
	last := -1
	for i, n := range c {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(i-last-1))
			b = binary.AppendUvarint(b, uint64(n))
			last = i
		}
	}
	return sketch(b)
}

var errSketch = errors.New("a sketch of latencies is not what Rouse writes")

// countMax bounds a counter: no sum of such can overflow.
const countMax = 1 << 40

// addTo adds what the sketch counts, which decode has found to be readable.
func (s sketch) addTo(c counts) { s.each(func(i int, n int64) { c[i] += n }) }

// valid says that the sketch cannot be read.
func (s sketch) valid() error { return s.each(func(int, int64) {}) }

func (s sketch) each(f func(i int, n int64)) error {
	i := -1
	for len(s) > 0 {
		skip, w := uvarint(s)
		n, v := uvarint(s[max(w, 0):])
		if w <= 0 || v <= 0 || skip >= uint64(len(tops)-i-1) || n == 0 || n > countMax {
			return errSketch
		}
		i += 1 + int(skip)
		f(i, int64(n))
		s = s[w+v:]
	}
	return nil
}

// uvarint is binary.Uvarint of a string.
func uvarint(s sketch) (uint64, int) {
	var b [binary.MaxVarintLen64]byte
	return binary.Uvarint(b[:copy(b[:], s)])
}
