package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"rouse/shared/check"
)

const (
	bodyBytesMax    = 1 << 20
	headerBytesMax  = 64 << 10
	redirectDefault = 5
)

// A Prober takes samples over the network, each on connections of its own:
// names, handshakes and certificates are part of what is checked. The zero
// Prober is ready to use.
type Prober struct {
	// Roots are the certificate authorities trusted; nil means the system's.
	Roots *x509.CertPool
	// Resolver finds the addresses of hosts; nil means the system's.
	Resolver *net.Resolver
	// Secrets holds what checks name; nil means that there are none.
	Secrets Secrets
	// Jobs keeps the calls of jobs; nil means that nobody does.
	Jobs Jobs
}

// Secrets finds secrets by their names.
type Secrets interface {
	Secret(ctx context.Context, name string) (string, error)
}

var _ Sampler = (*Prober)(nil)

// Sample tries the check once. A sample is good only if every expectation was
// evaluated and held; otherwise Why says in few words what was wrong, in the
// same words for the same fault, and never names a URL, header or body.
func (p *Prober) Sample(ctx context.Context, c check.Check, at time.Time) check.Sample {
	ctx, cancel := context.WithTimeout(ctx, c.Deadline())
	defer cancel()
	if c.Heartbeat != nil {
		return p.heartbeat(ctx, c, at)
	}
	start := time.Now()
	secrets, why := p.reveal(ctx, c.Secrets())
	if why == "" {
		start = time.Now() // what we need ourselves is no one else's slowness
		why = p.try(ctx, c, secrets, start)
	}
	return check.Sample{At: at, OK: why == "", Why: why, Took: time.Since(start)}
}

func (p *Prober) try(ctx context.Context, c check.Check, secrets values, start time.Time) (why string) {
	switch {
	case c.HTTP != nil:
		return p.http(ctx, *c.HTTP, secrets, start)
	case c.Flow != nil:
		return p.flow(ctx, c.Flow, secrets)
	case c.TCP != nil:
		return p.tcp(ctx, *c.TCP, secrets)
	case c.TLS != nil:
		return p.tls(ctx, *c.TLS)
	case c.DNS != nil:
		return p.dns(ctx, *c.DNS)
	}
	return "the check has no kind"
}

// phase is how far a request came, for the words of a timeout.
type phase struct{ atomic.Pointer[string] }

func (p *phase) is(s string) { p.Store(&s) }

func (p *Prober) http(ctx context.Context, h check.HTTP, secrets values, start time.Time) (why string) {
	u, err := secrets.url(h.URL, nil)
	if err != nil {
		return "invalid request"
	}
	return p.each(ctx, h.Addresses, u.Hostname(), func(open dial) string {
		v := visitor{roots: p.Roots, open: open, values: secrets}
		_, why := v.visit(ctx, h, start)
		return why
	})
}

// A visitor sends the requests of one sample.
type visitor struct {
	roots  *x509.CertPool
	open   dial
	values values         // with which requests are filled
	jar    http.CookieJar // nil: cookies are forgotten
	from   *url.URL       // where the last response came from; nil before the first
	// origins are where an address may lead that a page gave.
	origins []string
}

// An answer is a response that is as expected.
type answer struct {
	from   *url.URL
	header http.Header
	body   []byte
}

// visit sends one request, over connections of its own, and judges what comes
// back, the last byte of which is expected within h.Expect.Within of start.
func (v *visitor) visit(ctx context.Context, h check.HTTP, start time.Time) (a answer, why string) {
	var at phase
	at.is("before connect")
	trace := &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { at.is("in DNS") },
		ConnectStart:         func(string, string) { at.is("in connect") },
		TLSHandshakeStart:    func() { at.is("in TLS handshake") },
		GotConn:              func(httptrace.GotConnInfo) { at.is("sending the request") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { at.is("waiting for headers") },
		GotFirstResponseByte: func() { at.is("in headers") },
	}
	req, err := v.request(httptrace.WithClientTrace(ctx, trace), h)
	switch {
	case errors.Is(err, errAbroad):
		return a, errAbroad.Error()
	case err != nil:
		return a, "invalid request"
	}
	transport := &http.Transport{
		DialContext:            v.open,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: headerBytesMax,
		TLSClientConfig:        &tls.Config{RootCAs: v.roots},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Jar: v.jar, CheckRedirect: redirects(h.Redirects, h.Headers)}
	resp, err := client.Do(req)
	if err != nil {
		return a, reason(err, *at.Load())
	}
	defer resp.Body.Close()
	if !h.Expect.Accepts(resp.StatusCode) {
		return a, fmt.Sprintf("status %d", resp.StatusCode)
	}
	if why := h.Expect.HeaderFault(resp.Header); why != "" {
		return a, why
	}
	if h.Expect.DaysLeft > 0 {
		if why := ending(resp.TLS, h.Expect.DaysLeft); why != "" {
			return a, why
		}
	}
	at.is("after headers")
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyBytesMax+1))
	took := time.Since(start)
	switch {
	case err != nil:
		return a, reason(err, *at.Load())
	case len(body) > bodyBytesMax:
		return a, "body over 1 MB"
	}
	if why := h.Expect.BodyFault(body); why != "" {
		return a, why
	}
	if h.Expect.Within > 0 && took > h.Expect.Within {
		return a, fmt.Sprintf("slower than %v", h.Expect.Within)
	}
	return answer{resp.Request.URL, resp.Header, body}, ""
}

// ending says that the certificates of a connection do not remain valid for so
// many days; "" if they do. Of several chains that lead to a trusted authority
// the one that lasts longest counts, as a client needs but one.
func ending(state *tls.ConnectionState, days int) string {
	if state == nil || len(state.VerifiedChains) == 0 {
		return "no certificate"
	}
	var last time.Time
	for _, chain := range state.VerifiedChains {
		ends := chain[0].NotAfter
		for _, c := range chain[1:] {
			if c.NotAfter.Before(ends) {
				ends = c.NotAfter
			}
		}
		if ends.After(last) {
			last = ends
		}
	}
	if time.Until(last) < time.Duration(days)*24*time.Hour {
		if days == 1 {
			return "certificate ends in under a day"
		}
		return fmt.Sprintf("certificate ends in under %d days", days)
	}
	return ""
}

var (
	errRedirects  = errors.New("too many redirects")
	errBodyAbroad = errors.New("redirect would send the body elsewhere")
)

// redirects follows up to most redirects. What the check sends along is meant
// for the service it names: it goes to no other host and is not sent in the
// clear after it was sent over TLS.
func redirects(most int, secret map[string]string) func(*http.Request, []*http.Request) error {
	if most == 0 {
		most = redirectDefault
	}
	return func(next *http.Request, via []*http.Request) error {
		switch {
		case most < 0:
			return http.ErrUseLastResponse
		case len(via) > most:
			return errRedirects
		}
		first := via[0].URL
		if next.URL.Host != first.Host || next.URL.Scheme != first.Scheme && next.URL.Scheme != "https" {
			for name := range secret {
				next.Header.Del(name)
			}
			next.Header.Del("Authorization")
			next.Header.Del("Referer") // the whole URL, with what it was filled with
			if next.Body != nil && next.Body != http.NoBody {
				return errBodyAbroad
			}
		}
		return nil
	}
}

// reason says an error in few words, the same for the same fault.
func reason(err error, phase string) string {
	var (
		dns  *net.DNSError
		host x509.HostnameError
		auth x509.UnknownAuthorityError
		cert x509.CertificateInvalidError
		rec  tls.RecordHeaderError
		to   net.Error
	)
	switch {
	case errors.Is(err, errRedirects):
		return errRedirects.Error()
	case errors.Is(err, errBodyAbroad):
		return errBodyAbroad.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &to) && to.Timeout():
		return "timeout " + phase
	case errors.Is(err, context.Canceled):
		return "canceled " + phase
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.As(err, &dns):
		return "DNS failure"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connect refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset " + phase
	case errors.As(err, &host):
		return "certificate is for another name"
	case errors.As(err, &auth):
		return "certificate of an unknown authority"
	case errors.As(err, &cert) && cert.Reason == x509.Expired:
		return "certificate expired or not yet valid"
	case errors.As(err, &cert):
		return "certificate invalid"
	case errors.As(err, &rec), errors.Is(err, http.ErrSchemeMismatch):
		return "no TLS on that port"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed " + phase
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route"
	}
	return "broken response " + phase
}
