package clock

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// A Virtual clock stands still while anybody works and jumps to the next
// waiting instant when everybody waits. Those who wait for the same instant
// are woken one after the other, in the order in which they began to wait, and
// those of a group begin in their order, so one seed makes one history. A
// member of a group begins to work once nobody else does: whoever waits for it
// must do so by Wait. (Outside of Run it begins at once.)
//
// Work is what Run's function does and what is started with At or a Group;
// every wait in it must be on this clock. Real input and output (a request
// over loopback) is work like any other: it takes no virtual time.
type Virtual struct {
	// Pace, if not nil, is called before each jump, with nobody working, so
	// that a person can watch: it may really sleep.
	Pace func(from, to time.Time)

	mu      sync.Mutex
	now     time.Time
	running bool // Run is under way
	working int
	seq     int
	waiting waitHeap
	idle    *sync.Cond // signalled when working falls to zero
}

var _ Clock = (*Virtual)(nil)

// NewVirtual returns a clock that stands at start.
func NewVirtual(start time.Time) *Virtual {
	v := &Virtual{now: start}
	v.idle = sync.NewCond(&v.mu)
	return v
}

func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// At has f run as work at the instant t, or as soon as the present work is
// done if t has passed.
func (v *Virtual) At(t time.Time, f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.push(t, func() {
		go func() {
			defer v.done()
			f()
		}()
	})
}

// Run lets time pass, running what is due, until the instant end or until
// nothing waits any more, whichever comes first, and leaves the clock at end.
// Goroutines still asleep then stay asleep until the next Run.
func (v *Virtual) Run(end time.Time) {
	v.mu.Lock()
	v.running = true
	v.mu.Unlock()
	for v.step(end) {
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.running = false
	if v.now.Before(end) {
		v.now = end
	}
}

// step waits until nobody works, wakes the next waiter that is due by end and
// reports whether there was one.
func (v *Virtual) step(end time.Time) bool {
	v.mu.Lock()
	for v.working > 0 {
		v.idle.Wait()
	}
	for v.waiting.Len() > 0 && v.waiting[0].gone {
		heap.Pop(&v.waiting)
	}
	if v.waiting.Len() == 0 || v.waiting[0].at.After(end) {
		v.mu.Unlock()
		return false
	}
	w := heap.Pop(&v.waiting).(*waiter)
	from, to := v.now, w.at
	pace := v.Pace
	v.mu.Unlock()
	if to.After(from) && pace != nil {
		pace(from, to)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if w.gone { // its context ended meanwhile, and it counts itself as working
		return true
	}
	if to.After(from) {
		v.now = to
	}
	v.working++
	w.wake() // under the lock, so that a context that ends now finds it woken
	return true
}

func (v *Virtual) Sleep(ctx context.Context, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	if !until.After(v.now) {
		v.mu.Unlock()
		return nil
	}
	woken := make(chan struct{})
	w := v.push(until, func() { close(woken) })
	v.workless()
	v.mu.Unlock()
	select {
	case <-woken:
		return nil
	case <-ctx.Done():
	}
	v.mu.Lock()
	select {
	case <-woken: // both at once: the wake-up has already counted us as working
	default:
		w.gone = true
		v.working++
	}
	v.mu.Unlock()
	return ctx.Err()
}

func (v *Virtual) Group() Group { return &virtualGroup{clock: v} }

type virtualGroup struct {
	clock   *Virtual
	n       int
	waiting chan struct{}
}

func (g *virtualGroup) Go(f func()) {
	v := g.clock
	v.mu.Lock()
	defer v.mu.Unlock()
	g.n++
	begin := func() {
		go func() {
			defer g.done()
			f()
		}()
	}
	if !v.running { // nobody would wake it
		v.working++
		begin()
		return
	}
	v.push(v.now, begin)
}

func (g *virtualGroup) done() {
	v := g.clock
	v.mu.Lock()
	defer v.mu.Unlock()
	g.n--
	if g.n == 0 && g.waiting != nil {
		close(g.waiting) // hand our place among the working to the one who waits
		g.waiting = nil
		return
	}
	v.workless()
}

func (g *virtualGroup) Wait() {
	v := g.clock
	v.mu.Lock()
	if g.n == 0 {
		v.mu.Unlock()
		return
	}
	c := make(chan struct{})
	g.waiting = c
	v.workless()
	v.mu.Unlock()
	<-c
}

func (v *Virtual) done() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.workless()
}

// workless counts one worker less; v.mu is held.
func (v *Virtual) workless() {
	v.working--
	if v.working == 0 {
		v.idle.Broadcast()
	}
}

func (v *Virtual) push(at time.Time, wake func()) *waiter {
	if at.Before(v.now) {
		at = v.now
	}
	v.seq++
	w := &waiter{at: at, seq: v.seq, wake: wake}
	heap.Push(&v.waiting, w)
	return w
}

type waiter struct {
	at   time.Time
	seq  int
	wake func()
	gone bool
}

type waitHeap []*waiter

func (h waitHeap) Len() int { return len(h) }
func (h waitHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h waitHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *waitHeap) Push(x any)   { *h = append(*h, x.(*waiter)) }
func (h *waitHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
