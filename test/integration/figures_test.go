package integration_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rouse/infra/bundle"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/test/lambdart"
)

func startOne(t testing.TB, r *rig, name string, vars map[string]string) (*lambdart.Process, error) {
	t.Helper()
	f := r.Template.Function(name)
	p, err := lambdart.Start(t.Context(), lambdart.Function{Name: name, Binary: r.install(name), Env: vars, Timeout: f.Timeout, MemoryMB: f.MemoryMB})
	if err == nil {
		t.Cleanup(p.Kill)
	}
	return p, err
}

// TestZipSizes holds what Lambda must fetch before a cold start: MIME and
// charsets make the mail functions larger.
func TestZipSizes(t *testing.T) {
	dir := t.TempDir()
	if err := bundle.Build(t.Context(), filepath.Join("..", ".."), dir, bundle.Graviton, functions...); err != nil {
		t.Fatal(err)
	}
	most := map[string]int{"inbox": 5_500_000, "desk": 5_500_000}
	for _, name := range functions {
		binary, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var zipped bytes.Buffer
		z := zip.NewWriter(&zipped)
		// Go's deflate at its best is still some 2% larger than the zlib that
		// the CDK zips with.
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
		for file, content := range map[string][]byte{"bootstrap": binary, "rouse.yaml": []byte(team)} {
			w, err := z.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		limit := most[name]
		if limit == 0 {
			limit = 4_800_000
		}
		t.Logf("%-6s %5.2f MB, zipped %4.2f MB", name, float64(len(binary))/1e6, float64(zipped.Len())/1e6)
		if zipped.Len() > limit {
			t.Errorf("%s: zipped %d bytes, more than %d", name, zipped.Len(), limit)
		}
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkSignalToPage is from a signal that is committed, by way of SQS and
// the router's own process, to the page in SNS's hands; warm.
func BenchmarkSignalToPage(b *testing.B) {
	r := start(b, team, options{direct: true})
	hints := r.hints()
	run := func() time.Duration {
		key := incident.Key("check/" + rand.Text())
		now := time.Now()
		_, err := r.Store.PutSignal(b.Context(), incident.Signal{
			ID: string(key) + "/1", Key: key, Kind: incident.KindCheck, At: now,
			Check: &incident.CheckSignal{Check: "login", LastBad: now, Evidence: incident.Evidence{Status: "down", Red: true, Since: now, Words: "8 of 8 samples failed", Short: "8/8"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		n := len(r.AWS.Published())
		committed := time.Now()
		if err := hints.Router(b.Context(), loop.Hint{Key: key}, time.Time{}); err != nil {
			b.Fatal(err)
		}
		pages := r.pages(n + len(firstStep))
		r.settled()
		return pages[n].At.Sub(committed)
	}
	run() // the first one starts the process
	var all []time.Duration
	for b.Loop() {
		all = append(all, run())
	}
	b.ReportMetric(float64(median(all).Microseconds())/1000, "ms/page(median)")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "ms/page(worst)")
}

// BenchmarkPressToCommitted is from a pressed button, by way of the HTTP API and
// the ack function's own process, to the answer that it is committed: no page
// is begun after that. An SMS takes the same way from the sms function on.
func BenchmarkPressToCommitted(b *testing.B) {
	r := start(b, team, options{direct: true})
	run := func() time.Duration {
		key := incident.Key("check/" + rand.Text())
		now := time.Now()
		n := len(r.AWS.Published())
		err := loop.Raise(b.Context(), r.Store, r.hints(), incident.Signal{
			ID: string(key) + "/1", Key: key, Kind: incident.KindCheck, At: now,
			Check: &incident.CheckSignal{Check: "login", LastBad: now, Evidence: incident.Evidence{Status: "down", Red: true, Since: now, Words: "8 of 8 samples failed", Short: "8/8"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		pages := r.pages(n + len(firstStep))
		r.settled()
		path := link.FindString(of(pages[n:], "ana", "sms")[0].Text("sms"))
		form := url.Values{"seen": {seen.FindStringSubmatch(r.http(http.MethodGet, path, "").body)[1]}, "action": {"ack"}}.Encode()
		pressed := time.Now()
		got := r.http(http.MethodPost, path, form)
		took := time.Since(pressed)
		if in := r.incident(key); got.status != http.StatusSeeOther || in.State != incident.Acknowledged {
			b.Fatalf("%d, and the incident is %s", got.status, in.State)
		}
		r.settled()
		return took
	}
	run() // the first one starts the process
	var all []time.Duration
	for b.Loop() {
		all = append(all, run())
	}
	b.ReportMetric(float64(median(all).Microseconds())/1000, "ms/press(median)")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "ms/press(worst)")
}

// BenchmarkMailToAcknowledgement is from a mail that SES has stored, by way of
// the inbox's, the router's and the desk's own processes and their queues, to
// its acknowledgement in SES's hands; warm.
func BenchmarkMailToAcknowledgement(b *testing.B) {
	r := start(b, team, options{direct: true})
	n := 0
	run := func() time.Duration {
		n++
		id := fmt.Sprint("mail-", n)
		from := fmt.Sprintf("pat%d@kstate.example", n)
		raw := bytes.ReplaceAll(r.mail(), []byte("dana.whitfield@kstate.example"), []byte(from))
		sent := len(r.AWS.Sent())
		stored := time.Now()
		r.PutMail(id, raw)
		r.invoke("inbox", r.announcement(id))
		mails := r.mails(sent + 1)
		took := mails[sent].At.Sub(stored)
		r.settled()
		return took
	}
	run() // the first one starts the processes
	var all []time.Duration
	for b.Loop() {
		all = append(all, run())
	}
	b.ReportMetric(float64(median(all).Microseconds())/1000, "ms/answer(median)")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "ms/answer(worst)")
}

// BenchmarkColdStart is from starting a binary to its first poll, and what it
// then holds of memory.
func BenchmarkColdStart(b *testing.B) {
	for _, name := range functions {
		b.Run(name, func(b *testing.B) {
			r := start(b, team+"checks:\n  login: {capability: login, http: {url: \"https://app.example.com/login\"}}\n", options{direct: true, idle: true})
			vars := r.Direct(name)
			var starts []time.Duration
			var resident []int64
			one := func() {
				p, err := startOne(b, r, name, vars)
				if err != nil {
					b.Fatal(err)
				}
				starts = append(starts, p.ColdStart)
				ctx, cancel := context.WithTimeout(b.Context(), 200*time.Millisecond)
				p.Invoke(ctx, []byte(r.Template.Schedules()[name])) // a probe goes on for a minute
				cancel()
				_, peak, err := p.Resident()
				if err != nil {
					b.Fatal(err)
				}
				resident = append(resident, peak)
				p.Kill()
			}
			for b.Loop() {
				one()
			}
			for len(starts) < 20 {
				one()
			}
			slices.Sort(resident)
			b.ReportMetric(float64(median(starts).Microseconds())/1000, "ms/start(median)")
			b.ReportMetric(float64(resident[len(resident)/2])/1e6, "MB/resident(median)")
		})
	}
}
