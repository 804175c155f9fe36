package memstore

import (
	"cmp"
	"container/heap"
	"time"
)

// A queue holds keys by the instant at which they are due, each once. The zero
// queue is empty.
type queue[K cmp.Ordered] struct {
	heap entries[K]
	at   map[K]*entry[K]
}

type entry[K cmp.Ordered] struct {
	key   K
	due   time.Time
	index int
}

// set has key due at an instant, and at no other.
func (q *queue[K]) set(key K, due time.Time) {
	if e := q.at[key]; e != nil {
		e.due = due
		heap.Fix(&q.heap, e.index)
		return
	}
	if q.at == nil {
		q.at = map[K]*entry[K]{}
	}
	e := &entry[K]{key: key, due: due}
	q.at[key] = e
	heap.Push(&q.heap, e)
}

func (q *queue[K]) remove(key K) {
	if e := q.at[key]; e != nil {
		heap.Remove(&q.heap, e.index)
		delete(q.at, key)
	}
}

// until lists up to limit keys that are due by now, the earliest first; equal
// ones in the order of the keys, so that one history has one order.
func (q *queue[K]) until(now time.Time, limit int) []K {
	var taken []*entry[K]
	for len(q.heap) > 0 && len(taken) < limit && !q.heap[0].due.After(now) {
		taken = append(taken, heap.Pop(&q.heap).(*entry[K]))
	}
	keys := make([]K, len(taken))
	for i, e := range taken {
		keys[i] = e.key
		heap.Push(&q.heap, e)
	}
	return keys
}

type entries[K cmp.Ordered] []*entry[K]

func (h entries[K]) Len() int { return len(h) }
func (h entries[K]) Less(i, j int) bool {
	return cmp.Or(h[i].due.Compare(h[j].due), cmp.Compare(h[i].key, h[j].key)) < 0
}
func (h entries[K]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *entries[K]) Push(x any) {
	e := x.(*entry[K])
	e.index = len(*h)
	*h = append(*h, e)
}
func (h *entries[K]) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
