package lambdart_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rouse/test/lambdart"
)

var bootstrap string

// TestMain builds the function once, as `make build` builds the real ones.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "lambdart-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		bootstrap = filepath.Join(dir, "bootstrap")
		build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", bootstrap, "./testdata/fn")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build testdata/fn: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

func start(t *testing.T, change func(*lambdart.Function)) *lambdart.Process {
	t.Helper()
	f := lambdart.Function{Name: "fn", Binary: bootstrap}
	if change != nil {
		change(&f)
	}
	p, err := lambdart.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestAFunctionSeesWhatLambdaGivesIt(t *testing.T) {
	t.Setenv("OURS", "must not leak")
	p := start(t, func(f *lambdart.Function) {
		f.Env = map[string]string{"ROUSE_TABLE": "rouse"}
		f.Timeout = 5 * time.Second
	})
	var seen struct {
		ID, ARN string
		Left    float64
		Env     []string
	}
	ask(t, p, `{"do":"context"}`, &seen)
	if seen.ID == "" || seen.ARN != "arn:aws:lambda:us-east-1:123456789012:function:fn" || seen.Left <= 0 || seen.Left > 5 {
		t.Errorf("seen %+v", seen)
	}
	for _, want := range []string{"ROUSE_TABLE=rouse", "AWS_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_NAME=fn", "LAMBDA_TASK_ROOT=" + filepath.Dir(bootstrap)} {
		if !slices.Contains(seen.Env, want) {
			t.Errorf("%s is missing in %q", want, seen.Env)
		}
	}
	for _, got := range seen.Env {
		if strings.HasPrefix(got, "OURS=") || strings.HasPrefix(got, "HOME=") {
			t.Errorf("%s came from our own environment", got)
		}
	}
	if p.ColdStart <= 0 {
		t.Error("no cold start was measured")
	}
	await(t, "its log line", func() bool { return strings.Contains(p.Logs(), "starting") })
}

func TestResidentMemory(t *testing.T) {
	now, peak, err := start(t, nil).Resident()
	if err != nil {
		t.Fatal(err)
	}
	if now < 1<<20 || peak < now || peak > 1<<30 {
		t.Errorf("resident %d, at its highest %d", now, peak)
	}
}

func TestABareFileSystemHoldsNoZones(t *testing.T) {
	p := start(t, func(f *lambdart.Function) { f.Bare = true })
	var seen struct{ Zone, Usr bool }
	ask(t, p, `{"do":"files"}`, &seen)
	if seen.Zone || seen.Usr {
		t.Errorf("a function without time/tzdata found a zone (%v) or /usr (%v)", seen.Zone, seen.Usr)
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct {
		do, kind, message string
		survives          bool
	}{
		{`{"do":"fail"}`, "errorString", "as asked", true},
		{`{"do":"panic"}`, "string", "as asked", false},
		{`{"do":"exit"}`, "Runtime.ExitError", "exit status 7", false},
		{`{"do":"hang"}`, "Sandbox.Timedout", "timed out after 0.20 seconds", false},
		{`{"do":"large","bytes":6291457}`, "Function.ResponseSizeTooLarge", "6291456", false},
	} {
		t.Run(test.do, func(t *testing.T) {
			p := start(t, func(f *lambdart.Function) {
				if test.kind == "Sandbox.Timedout" {
					f.Timeout = 200 * time.Millisecond
				}
			})
			_, err := p.Invoke(t.Context(), []byte(test.do))
			failed := new(lambdart.FunctionError)
			if !errors.As(err, &failed) || failed.Type != test.kind || !strings.Contains(failed.Message, test.message) {
				t.Fatalf("err %v, want %s: …%s…", err, test.kind, test.message)
			}
			_, err = p.Invoke(t.Context(), []byte(`{"do":"more"}`))
			if survived := err == nil; survived != test.survives {
				t.Errorf("the next invocation: %v", err)
			}
		})
	}
}

func TestAFailedInitSaysWhy(t *testing.T) {
	_, err := lambdart.Start(t.Context(), lambdart.Function{Name: "fn", Binary: bootstrap, Env: map[string]string{"FAIL_INIT": "1"}})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "FAIL_INIT is set") {
		t.Errorf("err %v, want the exit status and the logs", err)
	}
}

func TestInvocationsOfOneProcessQueue(t *testing.T) {
	p := start(t, nil)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			word := fmt.Sprintf("%q", fmt.Sprint("word", i))
			got, err := p.Invoke(t.Context(), []byte(`{"do":`+word+`}`))
			if err != nil || string(got) != word {
				t.Errorf("%s: got %s, err %v", word, got, err)
			}
		})
	}
	all.Wait()
}

func TestADeploymentStartsWhatItNeeds(t *testing.T) {
	d := lambdart.Deploy(lambdart.Function{Name: "fn", Binary: bootstrap, Timeout: time.Minute}, 2)
	t.Cleanup(d.Close)
	var first, second struct{ Pid int }
	ask(t, d, `{"do":"context"}`, &first)
	ask(t, d, `{"do":"context"}`, &second)
	if first.Pid != second.Pid || len(d.Processes()) != 1 {
		t.Errorf("%d processes for one invocation after the other", len(d.Processes()))
	}

	// One invocation hangs; the next gets a process of its own.
	ctx, cancel := context.WithCancel(t.Context())
	hung := make(chan error)
	go func() {
		_, err := d.Invoke(ctx, []byte(`{"do":"hang"}`))
		hung <- err
	}()
	await(t, "the hanging invocation", func() bool { return strings.Contains(d.Logs(), "hanging") })
	ask(t, d, `{"do":"context"}`, &second)
	if first.Pid == second.Pid || len(d.Processes()) != 2 {
		t.Errorf("%d processes for two invocations at a time", len(d.Processes()))
	}

	// Killed in the middle of it, and replaced at the next invocation.
	d.Kill()
	failed := new(lambdart.FunctionError)
	if err := <-hung; !errors.As(err, &failed) || failed.Type != "Runtime.ExitError" || !strings.Contains(failed.Message, "killed") {
		t.Errorf("the killed invocation: %v", err)
	}
	cancel()
	ask(t, d, `{"do":"context"}`, &second)
	if got := len(d.ColdStarts()); got != 3 {
		t.Errorf("%d cold starts, want 3", got)
	}

	d.Close()
	if _, err := d.Invoke(t.Context(), []byte(`{}`)); err == nil {
		t.Error("a closed deployment took an invocation")
	}
}

func ask(t *testing.T, f lambdart.Invoker, event string, into any) {
	t.Helper()
	answer, err := f.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
}

// await waits for what another process does.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func BenchmarkColdStart(b *testing.B) {
	for b.Loop() {
		p, err := lambdart.Start(b.Context(), lambdart.Function{Name: "fn", Binary: bootstrap})
		if err != nil {
			b.Fatal(err)
		}
		p.Kill()
	}
}

func BenchmarkWarmInvocation(b *testing.B) {
	p, err := lambdart.Start(b.Context(), lambdart.Function{Name: "fn", Binary: bootstrap})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Kill()
	for b.Loop() {
		if _, err := p.Invoke(b.Context(), []byte(`{}`)); err != nil {
			b.Fatal(err)
		}
	}
}
