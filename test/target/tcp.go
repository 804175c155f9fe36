package target

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// StartTCP starts a service of lines on loopback until its test ends, and
// returns its address. It greets with "220 ready" and then answers a line:
//
//	PING    +PONG, in two pieces
//	NEVER   nothing
//	CLOSE   closes
//	RESET   resets the connection
//	FLOOD   bytes without end
//	DRIP    a byte now and then, without end
//	else    -ERR
func StartTCP(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		close(done)
		l.Close()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go converse(c, done)
		}
	}()
	return l.Addr().String()
}

func converse(c net.Conn, done chan struct{}) {
	defer c.Close()
	fmt.Fprint(c, "220 ready\r\n")
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		switch strings.TrimSpace(lines.Text()) {
		case "PING":
			io.WriteString(c, "+PO")
			time.Sleep(20 * time.Millisecond) // so that it goes in two pieces
			io.WriteString(c, "NG\r\n")
		case "NEVER":
			<-done
			return
		case "CLOSE":
			return
		case "RESET":
			c.(*net.TCPConn).SetLinger(0)
			return
		case "FLOOD":
			for block := strings.Repeat("x", 16<<10); ; {
				if _, err := io.WriteString(c, block); err != nil {
					return
				}
			}
		case "DRIP":
			for {
				select {
				case <-done:
					return
				case <-time.After(20 * time.Millisecond):
				}
				if _, err := io.WriteString(c, "."); err != nil {
					return
				}
			}
		default:
			io.WriteString(c, "-ERR\r\n")
		}
	}
}
