package target

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A Nameserver answers DNS questions on loopback, over UDP and TCP, until its
// test ends. It knows the records it was started with, and these names do what
// they say, whatever they are asked:
//
//	never.test           no answer
//	servfail.test        SERVFAIL
//	refused.test         REFUSED
//	garbage.test         bytes that are not DNS
//	drops-first.test     loses the first question, and then answers 192.0.2.1
//	truncated.test       cut short over UDP; over TCP it answers 192.0.2.1
//	cut.test             cut short over UDP; over TCP it closes
//	other-id.test        an answer to a question that nobody asked
//	other-name.test      192.0.2.1 as the address of another name
type Nameserver struct {
	Address string // host:port
	records map[string][]string

	mu      sync.Mutex
	dropped bool
}

// StartDNS starts a nameserver. A record's key is its name and type, like
// "app.test A", and its values are as in a zone file. Names that no key begins
// with do not exist.
func StartDNS(t testing.TB, records map[string][]string) *Nameserver {
	// The two must share a port number, and the one that UDP is given may be
	// taken for TCP.
	var packets net.PacketConn
	var streams net.Listener
	for tries := 0; ; tries++ {
		var err error
		if packets, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if streams, err = net.Listen("tcp", packets.LocalAddr().String()); err == nil {
			break
		}
		packets.Close()
		if tries == 10 {
			t.Fatal(err)
		}
	}
	n := &Nameserver{Address: packets.LocalAddr().String(), records: records}
	t.Cleanup(func() {
		packets.Close()
		streams.Close()
	})
	go n.servePackets(packets)
	go n.serveStreams(streams)
	return n
}

// Resolver returns a resolver that asks n alone.
func (n *Nameserver) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, n.Address)
	}}
}

func (n *Nameserver) servePackets(c net.PacketConn) {
	question := make([]byte, 1500)
	for {
		size, from, err := c.ReadFrom(question)
		if err != nil {
			return
		}
		for _, answer := range n.answers(question[:size], true) {
			c.WriteTo(answer, from)
		}
	}
}

func (n *Nameserver) serveStreams(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var size [2]byte
			if _, err := io.ReadFull(c, size[:]); err != nil {
				return
			}
			question := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(c, question); err != nil {
				return
			}
			for _, answer := range n.answers(question, false) {
				c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}
		}()
	}
}

// answers are the packets that n sends for a question.
func (n *Nameserver) answers(packet []byte, udp bool) [][]byte {
	var m dnsmessage.Message
	if m.Unpack(packet) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m = dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: true, RecursionAvailable: true},
		Questions: m.Questions,
	}
	name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	one := record(q.Name.String(), "A", "192.0.2.1")
	switch name {
	case "never.test":
		return nil
	case "servfail.test":
		m.RCode = dnsmessage.RCodeServerFailure
	case "refused.test":
		m.RCode = dnsmessage.RCodeRefused
	case "garbage.test":
		return [][]byte{[]byte("\x00 hello, is it me?")}
	case "drops-first.test":
		n.mu.Lock()
		defer n.mu.Unlock()
		if !n.dropped {
			n.dropped = true
			return nil
		}
		m.Answers = append(m.Answers, one)
	case "truncated.test", "cut.test":
		m.Truncated = udp
		if !udp && name == "cut.test" {
			return nil
		}
		if !udp {
			m.Answers = append(m.Answers, one)
		}
	case "other-id.test":
		m.ID++
		m.Answers = append(m.Answers, one)
	case "other-name.test":
		m.Answers = append(m.Answers, record("elsewhere.test.", "A", "192.0.2.1"))
	default:
		m.RCode = n.look(&m, name, strings.TrimPrefix(q.Type.String(), "Type"))
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{packed}
}

// look adds the records of the name and type to m, following aliases.
func (n *Nameserver) look(m *dnsmessage.Message, name, kind string) dnsmessage.RCode {
	for range 8 {
		for _, value := range n.records[name+" "+kind] {
			m.Answers = append(m.Answers, record(name+".", kind, value))
		}
		alias := n.records[name+" CNAME"]
		if kind == "CNAME" || len(alias) == 0 {
			break
		}
		m.Answers = append(m.Answers, record(name+".", "CNAME", alias[0]))
		name = strings.ToLower(strings.TrimSuffix(alias[0], "."))
	}
	for key := range n.records {
		if strings.HasPrefix(key, name+" ") {
			return dnsmessage.RCodeSuccess
		}
	}
	return dnsmessage.RCodeNameError
}

func record(name, kind, value string) dnsmessage.Resource {
	r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{
		Name: dnsmessage.MustNewName(name), Class: dnsmessage.ClassINET, TTL: 60}}
	part := strings.Fields(value)
	number := func(i int) uint16 {
		n, _ := strconv.Atoi(part[i])
		return uint16(n)
	}
	switch kind {
	case "A":
		r.Body = &dnsmessage.AResource{A: netip.MustParseAddr(value).As4()}
	case "AAAA":
		r.Body = &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(value).As16()}
	case "CNAME":
		r.Body = &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(value)}
	case "NS":
		r.Body = &dnsmessage.NSResource{NS: dnsmessage.MustNewName(value)}
	case "PTR":
		r.Body = &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(value)}
	case "MX":
		r.Body = &dnsmessage.MXResource{Pref: number(0), MX: dnsmessage.MustNewName(part[1])}
	case "SRV":
		r.Body = &dnsmessage.SRVResource{Priority: number(0), Weight: number(1), Port: number(2), Target: dnsmessage.MustNewName(part[3])}
	case "TXT":
		r.Body = &dnsmessage.TXTResource{TXT: strings.Split(value, "|")}
	}
	return r
}
