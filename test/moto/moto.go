// Package moto starts moto_server, an independent emulator of AWS, for tests
// with the build tag moto (`make moto`): what passes on our own recorder must
// pass there too. No other test needs it.
package moto

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"rouse/test/child"
)

// Start runs an empty moto_server until the test ends and returns its URL.
func Start(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		t.Fatal("moto_server is not installed: pip install 'moto[server]'")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.Command(path, "-H", "127.0.0.1", "-p", strconv.Itoa(port))
	cmd.Env = append(os.Environ(), "MOTO_ACCOUNT_ID=123456789012")
	process, err := child.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Kill)
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get(url + "/moto-api/data.json"); err == nil {
			answer.Body.Close()
			return url
		}
		select {
		case <-process.Done():
			t.Fatalf("moto_server ended before it answered: %v", process.Err())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("moto_server does not answer")
		}
	}
}
