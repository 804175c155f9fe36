package probe_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/probe"
)

// The benchmark's parts are processes of their own, so that the server's CPU
// and memory are not in the figures: this binary, started with a part's name
// in the environment.
const benchPart = "ROUSE_BENCH_PART"

func TestMain(m *testing.M) {
	switch part := os.Getenv(benchPart); part {
	case "":
		os.Exit(m.Run())
	case "serve":
		benchServe()
	default:
		benchRun(part, os.Args[1])
	}
}

const (
	benchChecks   = 1000
	benchInFlight = 100
	benchTimeout  = 5 * time.Second
)

// figures are what a part prints.
type figures struct {
	Wall   time.Duration
	CPU    time.Duration
	Peak   int64 // bytes resident
	Failed int64
}

func (f figures) perCPU() float64 { return benchChecks / f.CPU.Seconds() }

// BenchmarkThousandChecks takes one sample of each of 1,000 checks over cold
// connections, 100 in flight, beside the plainest net/http loop that does the
// same: the limit. Then 5% of the answers hang until the timeout.
func BenchmarkThousandChecks(b *testing.B) {
	url := startServer(b)
	for b.Loop() {
		plain, sample := runPart(b, "plain", url), runPart(b, "sample", url)
		hangingPlain, hanging := runPart(b, "plain", url+"hang"), runPart(b, "sample", url+"hang")
		if plain.Failed+sample.Failed > 0 || hanging.Failed != benchChecks/20 || hangingPlain.Failed != benchChecks/20 {
			b.Fatalf("failed: %d of the plain loop, %d of ours; of those where 50 hang %d and %d", plain.Failed, sample.Failed, hangingPlain.Failed, hanging.Failed)
		}
		b.ReportMetric(sample.perCPU(), "checks/cpu-s")
		b.ReportMetric(sample.CPU.Seconds()/plain.CPU.Seconds(), "x-plain-cpu")
		b.ReportMetric(float64(sample.Peak)/1e6, "MB-peak")
		b.ReportMetric(hanging.Wall.Seconds(), "s-hanging")
		b.ReportMetric(0, "ns/op")
		var table strings.Builder
		fmt.Fprintf(&table, "\n%-28s %10s %16s %10s %22s\n", "1,000 checks, 100 in flight", "wall", "checks/CPU-s", "peak", "wall with 5% hanging")
		for _, row := range []struct {
			name          string
			well, hanging figures
		}{{"Rouse", sample, hanging}, {"the plainest loop", plain, hangingPlain}} {
			fmt.Fprintf(&table, "%-28s %10s %16.0f %7.0f MB %22s\n", row.name, row.well.Wall.Round(time.Millisecond), row.well.perCPU(),
				float64(row.well.Peak)/1e6, row.hanging.Wall.Round(time.Millisecond))
		}
		fmt.Fprintf(&table, "%-28s %10.2f %16.2f %10.2f %22.2f\n", "ratio", sample.Wall.Seconds()/plain.Wall.Seconds(), sample.perCPU()/plain.perCPU(),
			float64(sample.Peak)/float64(plain.Peak), hanging.Wall.Seconds()/hangingPlain.Wall.Seconds())
		b.Log(table.String())
	}
}

func startServer(b *testing.B) (url string) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchPart+"=serve")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

func runPart(b *testing.B, part, url string) (f figures) {
	b.Helper()
	cmd := exec.Command(os.Args[0], url)
	cmd.Env, cmd.Stderr = append(os.Environ(), benchPart+"="+part), os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil {
		b.Fatalf("%s: %v\n%s", part, err, out)
	}
	return f
}

// benchServe serves until it is killed. Of the answers at /hang every 20th
// never comes.
func benchServe() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var n atomic.Int64
	fmt.Printf("http://%s/\n", l.Addr())
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" && n.Add(1)%20 == 0 {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, "Welcome. Sign in here.")
	})))
}

// benchRun takes the samples and prints its figures.
func benchRun(part, url string) {
	try := theirs
	if part == "sample" {
		try = ours
	}
	f := figures{}
	var failed atomic.Int64
	var work sync.WaitGroup
	slots := make(chan struct{}, benchInFlight)
	began := time.Now()
	one := try(url)
	for range benchChecks {
		slots <- struct{}{}
		work.Go(func() {
			if !one() {
				failed.Add(1)
			}
			<-slots
		})
	}
	work.Wait()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	f.Wall, f.CPU = time.Since(began), time.Duration(u.Utime.Nano()+u.Stime.Nano())
	f.Peak, f.Failed = u.Maxrss*1024, failed.Load()
	json.NewEncoder(os.Stdout).Encode(f)
}

func ours(url string) func() bool {
	p := new(probe.Prober)
	c := check.Check{Name: "c", Timeout: benchTimeout, HTTP: &check.HTTP{URL: url, Expect: check.Expect{Body: "Sign in"}}}
	return func() bool { return p.Sample(context.Background(), c, time.Now()).OK }
}

func theirs(url string) func() bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: benchTimeout}
	return func() bool {
		resp, err := client.Get(url)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(body), "Sign in")
	}
}
