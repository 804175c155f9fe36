// Package secret finds by their names the secrets that rouse.yaml must not
// hold.
package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"rouse/shared/clock"
)

// ErrMissing: there is no secret of that name, or it is empty.
var ErrMissing = errors.New("there is none of that name")

// Well reports whether a secret can have that name: small letters, digits and
// -, at most 32 of them, beginning with a letter. So it is part of a
// parameter's path and of a variable's name without ever meaning another.
func Well(name string) bool {
	return name != "" && len(name) <= 32 && name[0] >= 'a' && name[0] <= 'z' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Parameter is the path of the SSM parameter that holds the secret.
func Parameter(name string) string { return "/rouse/" + name }

// Variable is the environment variable that holds the secret on a machine
// where somebody tries their checks.
func Variable(name string) string {
	return "ROUSE_SECRET_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Environment reads secrets from environment variables.
type Environment func(getenv string) string

// Secret returns the value of the secret's variable.
func (e Environment) Secret(_ context.Context, name string) (string, error) {
	if value := e(Variable(name)); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("secret %s: %w: set %s", name, ErrMissing, Variable(name))
}

// A Reader reads a secret where it is kept. Its error is ErrMissing if there
// is none of that name; others may pass.
type Reader interface {
	Secret(ctx context.Context, name string) (string, error)
}

// How long a Cache believes what it has read.
const (
	fresh     = 5 * time.Minute
	wrong     = 20 * time.Second // a secret that could not be read is not asked for with each sample
	readMax   = 3 * time.Second
	cachedMax = 1000 // names; those beyond are read each time
)

// A Cache remembers for some minutes what From has read, so that a secret that
// is changed is known everywhere soon. What cannot be read anew for a passing
// reason keeps its last value.
type Cache struct {
	From  Reader
	Clock clock.Clock

	mu     sync.Mutex
	values map[string]*cached
}

type cached struct {
	mu    sync.Mutex // held while it is read, so that it is read once
	value string
	err   error
	until time.Time
}

// Secret returns the secret of that name.
func (c *Cache) Secret(ctx context.Context, name string) (string, error) {
	v := c.of(name)
	v.mu.Lock()
	defer v.mu.Unlock()
	now := c.Clock.Now()
	if now.Before(v.until) {
		return v.value, v.err
	}
	// Whoever asks first may have less time than those who wait behind them.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readMax)
	defer cancel()
	value, err := c.From.Secret(ctx, name)
	switch {
	case err == nil:
		v.value, v.err, v.until = value, nil, now.Add(fresh)
	case errors.Is(err, ErrMissing) || v.value == "":
		v.value, v.err, v.until = "", err, now.Add(wrong)
	default:
		v.until = now.Add(wrong)
	}
	return v.value, v.err
}

func (c *Cache) of(name string) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.values[name]; ok {
		return v
	}
	v := &cached{}
	if c.values == nil {
		c.values = map[string]*cached{}
	}
	if len(c.values) < cachedMax {
		c.values[name] = v
	}
	return v
}
