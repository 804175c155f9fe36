package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// A log is written as bytes, since it is written each minute: a format, and
// then varints. Times are counted in whole units from 1970, and lengths of time
// in tenths of a second.
const format = 1

const tenth = 100 * time.Millisecond

func (l log) encode() []byte {
	b := []byte{format}
	b = binary.AppendUvarint(b, uint64(max(0, l.last.UnixMilli())))
	b = binary.AppendUvarint(b, uint64(max(0, l.closed.Unix()))/uint64(day/time.Second))
	b = appendBuckets(b, l.minutes, time.Minute)
	return appendBuckets(b, l.hours, time.Hour)
}

func appendBuckets(b []byte, all []Bucket, length time.Duration) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	last := int64(0)
	for _, k := range all {
		n := k.From.Unix() / int64(length/time.Second)
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
		for _, n := range []int{k.Good, k.Failed, k.Excused, int(k.Seen / tenth), int(k.Lost / tenth), len(k.latency)} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = append(b, k.latency...)
	}
	return b
}

// decode reads what encode wrote; nothing is the zero log.
func decode(b []byte) (log, error) {
	if len(b) == 0 {
		return log{}, nil
	}
	if b[0] != format {
		return log{}, fmt.Errorf("a check's history is in format %d, which this Rouse does not know (it knows %d): deploy the newer version again", b[0], format)
	}
	r := reader{b: b[1:]}
	var l log
	if ms := r.number(); ms > 0 {
		l.last = time.UnixMilli(ms).UTC()
	}
	if days := r.number(); days > 0 {
		l.closed = time.Unix(days*int64(day/time.Second), 0).UTC()
	}
	l.minutes = r.buckets(time.Minute)
	l.hours = r.buckets(time.Hour)
	if len(r.b) > 0 {
		r.err = errHistory
	}
	if r.err != nil {
		return log{}, r.err
	}
	return l, nil
}

var errHistory = errors.New("a check's history is not what Rouse writes")

type reader struct {
	b   []byte
	err error
}

const numberMax = 1 << 50

// number is 0 where there is none, and notes that.
func (r *reader) number() int64 {
	n, w := binary.Uvarint(r.b)
	if w <= 0 || n > numberMax {
		r.b, r.err = nil, errHistory
		return 0
	}
	r.b = r.b[w:]
	return int64(n)
}

func (r *reader) buckets(length time.Duration) []Bucket {
	n := r.number()
	all := make([]Bucket, 0, min(n, int64(len(r.b))/7)) // each has seven numbers at least
	at := int64(0)
	for ; n > 0 && r.err == nil; n-- {
		at += r.number()
		if at > numberMax/3600 {
			r.err = errHistory
			break
		}
		k := Bucket{From: time.Unix(at*int64(length/time.Second), 0).UTC(), Length: length}
		k.Good, k.Failed, k.Excused = int(r.number()), int(r.number()), int(r.number())
		k.Seen, k.Lost = time.Duration(min(r.number(), 1<<36))*tenth, time.Duration(min(r.number(), 1<<36))*tenth
		size := r.number()
		if size > int64(len(r.b)) {
			r.err = errHistory
			break
		}
		k.latency, r.b = sketch(r.b[:size]), r.b[size:]
		if err := k.latency.valid(); err != nil {
			r.err = err
		}
		all = append(all, k)
	}
	return all
}
