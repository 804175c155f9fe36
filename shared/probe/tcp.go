package probe

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptrace"
	"regexp"
	"time"

	"rouse/shared/check"
)

const answerBytesMax = 64 << 10 // of a TCP service, before what is expected

func (p *Prober) tcp(ctx context.Context, c check.TCP, secrets values) string {
	return p.connect(ctx, c.Address, c.Addresses, func(conn net.Conn, host string) string {
		if c.TLS {
			secure := tls.Client(conn, &tls.Config{RootCAs: p.Roots, ServerName: host})
			if err := secure.HandshakeContext(ctx); err != nil {
				return reason(err, "in TLS handshake")
			}
			conn = secure
		}
		if _, err := io.WriteString(conn, secrets.plain(c.Send)); err != nil {
			return reason(err, "sending")
		}
		return await(conn, c.Expect)
	})
}

func (p *Prober) tls(ctx context.Context, c check.TLS) string {
	return p.connect(ctx, c.Address, c.Addresses, func(conn net.Conn, host string) string {
		if c.Name != "" {
			host = c.Name
		}
		secure := tls.Client(conn, &tls.Config{RootCAs: p.Roots, ServerName: host})
		if err := secure.HandshakeContext(ctx); err != nil {
			return reason(err, "in TLS handshake")
		}
		state := secure.ConnectionState()
		return ending(&state, c.DaysLeft)
	})
}

// connect connects to the addresses that are asked for and judges each
// connection, whose reads and writes end with ctx.
func (p *Prober) connect(ctx context.Context, address string, which check.Addresses, judge func(conn net.Conn, host string) string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "invalid address"
	}
	return p.each(ctx, which, host, func(open dial) string {
		var at phase
		at.is("before connect")
		conn, err := open(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			DNSStart:     func(httptrace.DNSStartInfo) { at.is("in DNS") },
			ConnectStart: func(string, string) { at.is("in connect") },
		}), "tcp", address)
		if err != nil {
			return reason(err, *at.Load())
		}
		defer conn.Close()
		stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		return judge(conn, host)
	})
}

// await reads until the pattern finds something in what has come so far; a nil
// one waits for nothing.
func await(conn net.Conn, pattern *regexp.Regexp) string {
	if pattern == nil {
		return ""
	}
	var got []byte
	block := make([]byte, 4<<10)
	for len(got) <= answerBytesMax {
		n, err := conn.Read(block)
		got = append(got, block[:n]...)
		if n > 0 && pattern.Match(got) {
			return ""
		}
		if err != nil {
			return reason(err, "waiting for the expected answer")
		}
	}
	return "64 KB without the expected answer"
}
