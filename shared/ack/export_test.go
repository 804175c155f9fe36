package ack

import (
	"net/http"
	"time"
)

// Patience gives forms another time to arrive.
func Patience(screen http.Handler, d time.Duration) http.Handler {
	h := *screen.(*handler)
	h.bodyTimeout = d
	return &h
}
