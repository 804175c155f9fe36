// Package clock is time as Rouse's parts share it: the wall clock in Lambda
// and on a laptop, and a virtual one that jumps from event to event in the
// demo, the scenarios and the simulation.
package clock

import (
	"context"
	"sync"
	"time"
)

// A Clock tells the time and waits for it. Code that waits takes a Clock;
// code that only decides takes a time.Time.
type Clock interface {
	Now() time.Time
	// Sleep returns nil at the instant until (at once when it has passed), or
	// ctx's error if that comes first.
	Sleep(ctx context.Context, until time.Time) error
	// Group returns an empty group of goroutines that are part of the work
	// this clock knows about.
	Group() Group
}

// A Group runs functions on goroutines of their own and waits for all of them.
// On a virtual clock time stands still while any of them works.
type Group interface {
	Go(func())
	Wait()
}

// Wall is the real clock.
type Wall struct{}

var _ Clock = Wall{}

func (Wall) Now() time.Time { return time.Now() }

func (Wall) Sleep(ctx context.Context, until time.Time) error {
	d := time.Until(until)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (Wall) Group() Group { return new(sync.WaitGroup) }
