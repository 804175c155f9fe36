package target

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// An Authority signs certificates for targets.
type Authority struct {
	Roots *x509.CertPool // holds this authority alone
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
}

// NewAuthority returns a certificate authority of its own, valid for an hour.
func NewAuthority(t testing.TB) *Authority { return NewAuthorityUntil(t, time.Now().Add(time.Hour)) }

// NewAuthorityUntil returns a certificate authority of its own.
func NewAuthorityUntil(t testing.TB, until time.Time) *Authority {
	a := &Authority{Roots: x509.NewCertPool()}
	a.key = newKey(t)
	a.cert = sign(t, &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Target Authority"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              until,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}, nil, a.key, a.key)
	a.Roots.AddCert(a.cert)
	return a
}

// Intermediate returns an authority that a has signed. Its targets do not send
// along the certificate that leads from them to a.
func (a *Authority) Intermediate(t testing.TB) *Authority {
	i := &Authority{Roots: a.Roots, key: newKey(t)}
	i.cert = sign(t, &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Intermediate Authority"},
		NotBefore:             a.cert.NotBefore,
		NotAfter:              a.cert.NotAfter,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}, a.cert, i.key, a.key)
	return i
}

// StartTLS starts a target over TLS, HTTP/2 included, with a certificate of
// the authority for the IP address or DNS name, valid until the given time.
func StartTLS(t testing.TB, a *Authority, name string, until time.Time) *Target {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   time.Now().Add(-2 * time.Hour),
		NotAfter:    until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	key := newKey(t)
	cert := sign(t, template, a.cert, key, a.key)

	target := &Target{done: make(chan struct{})}
	server := httptest.NewUnstartedServer(target)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
	server.StartTLS()
	target.URL = server.URL
	t.Cleanup(func() {
		close(target.done)
		server.Close()
	})
	return target
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign returns the template as a certificate for key, signed by the parent's
// key; a nil parent means that it signs itself.
func sign(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	if parent == nil {
		parent = template
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
