package probe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
)

// BenchmarkHTTP samples a server of this very process over cold connections,
// 100 in flight, beside the plainest net/http loop doing the same; the server's
// share of the CPU is in both.
func BenchmarkHTTP(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "Welcome. Sign in here.")
	}))
	defer server.Close()
	c := check.Check{Name: "c", HTTP: &check.HTTP{URL: server.URL, Expect: check.Expect{Body: "Sign in"}}}
	b.Run("sample", func(b *testing.B) {
		p := new(probe.Prober)
		inFlight(b, func() bool { return p.Sample(b.Context(), c, time.Time{}).OK })
	})
	b.Run("plain", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		inFlight(b, func() bool {
			resp, err := client.Get(server.URL)
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			_, err = io.ReadAll(resp.Body)
			return err == nil
		})
	})
}

func inFlight(b *testing.B, sample func() bool) {
	began := cpu(b)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 100)
	for b.Loop() {
		slots <- struct{}{}
		wg.Go(func() {
			if !sample() {
				b.Error("a sample failed")
			}
			<-slots
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/(cpu(b)-began).Seconds(), "checks/cpu-s")
}

// cpu is the CPU time this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
