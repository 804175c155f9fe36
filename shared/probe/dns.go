package probe

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"rouse/shared/check"
)

const (
	dnsPacketMax = 1232 // by UDP: what passes any network in one piece
	resendAfter  = time.Second
	aliasesMax   = 16 // that follow each other
	resolvConf   = "/etc/resolv.conf"
)

var dnsTypes = map[string]dnsmessage.Type{
	"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "CNAME": dnsmessage.TypeCNAME, "MX": dnsmessage.TypeMX,
	"NS": dnsmessage.TypeNS, "PTR": dnsmessage.TypePTR, "SRV": dnsmessage.TypeSRV, "TXT": dnsmessage.TypeTXT,
}

// dns asks all resolvers at once and names the bad one.
func (p *Prober) dns(ctx context.Context, d check.DNS) string {
	resolvers := d.Resolvers
	if len(resolvers) == 0 {
		own, err := nameserver(resolvConf)
		if err != nil {
			return "no resolver on this machine"
		}
		resolvers = []string{own}
	}
	whys := make([]string, len(resolvers))
	var asking sync.WaitGroup
	for i, resolver := range resolvers {
		asking.Go(func() {
			answers, why := p.resolve(ctx, resolver, d.Name, d.Record)
			if why == "" {
				why = d.Fault(answers)
			}
			whys[i] = why
		})
	}
	asking.Wait()
	if len(resolvers) == 1 {
		return whys[0]
	}
	return blame(resolvers, whys)
}

// nameserver is the first that the file names, as the machine's programs ask
// it.
func nameserver(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if parts := strings.Fields(lines.Text()); len(parts) > 1 && parts[0] == "nameserver" {
			return net.JoinHostPort(parts[1], "53"), nil
		}
	}
	return "", errors.New("no nameserver in " + path)
}

// resolve asks a resolver and returns all its answers, or says what is wrong.
func (p *Prober) resolve(ctx context.Context, resolver, name, record string) (answers []string, why string) {
	question, err := newQuestion(name, record)
	if err != nil {
		return nil, "invalid name"
	}
	reply, why := p.ask(ctx, "udp", resolver, question)
	if why == "" && reply.Truncated {
		reply, why = p.ask(ctx, "tcp", resolver, question)
	}
	switch {
	case why != "":
		return nil, why
	case reply.RCode == dnsmessage.RCodeNameError:
		return nil, "no such name"
	case reply.RCode == dnsmessage.RCodeServerFailure:
		return nil, "SERVFAIL"
	case reply.RCode == dnsmessage.RCodeRefused:
		return nil, "REFUSED"
	case reply.RCode != dnsmessage.RCodeSuccess:
		return nil, fmt.Sprintf("DNS error %d", reply.RCode)
	case reply.Truncated:
		return nil, "answer cut short"
	}
	return answersOf(reply.Answers, question.Questions[0])
}

func newQuestion(name, record string) (dnsmessage.Message, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return dnsmessage.Message{}, err
	}
	var size dnsmessage.ResourceHeader
	if err := size.SetEDNS0(dnsPacketMax, dnsmessage.RCodeSuccess, false); err != nil {
		return dnsmessage.Message{}, err
	}
	return dnsmessage.Message{
		Header:      dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true},
		Questions:   []dnsmessage.Question{{Name: n, Type: dnsTypes[record], Class: dnsmessage.ClassINET}},
		Additionals: []dnsmessage.Resource{{Header: size, Body: &dnsmessage.OPTResource{}}},
	}, nil
}

// ask sends the question and waits for its answer. By UDP, where packets get
// lost, it is sent anew now and then.
func (p *Prober) ask(ctx context.Context, network, resolver string, question dnsmessage.Message) (reply dnsmessage.Message, why string) {
	packet, err := question.Pack()
	if err != nil {
		return reply, "invalid name"
	}
	conn, err := p.dialer().DialContext(ctx, network, resolver)
	if err != nil {
		return reply, reason(err, "connecting to the resolver")
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if network == "tcp" {
		packet = append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
	}
	// What comes besides the answer may be sent by anybody, and says what is
	// wrong only if no answer comes.
	const waiting = "waiting for the answer"
	why = "timeout " + waiting
	var sent time.Time
	for {
		if now := time.Now(); network == "udp" && now.Sub(sent) >= resendAfter || sent.IsZero() {
			sent = now
			if _, err := conn.Write(packet); err != nil {
				return reply, reason(err, waiting)
			}
		}
		if network == "udp" {
			conn.SetReadDeadline(sent.Add(resendAfter))
		}
		if ctx.Err() != nil { // that deadline may have come after its end
			return reply, why
		}
		got, err := receive(conn, network)
		switch {
		case err != nil && ctx.Err() != nil:
			return reply, why
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return reply, reason(err, waiting)
		}
		switch err := reply.Unpack(got); {
		case err != nil:
			why = "broken answer"
		case !reply.Response || reply.ID != question.ID || len(reply.Questions) != 1 || !sameQuestion(reply.Questions[0], question.Questions[0]):
			why = "answer to another question"
		default:
			return reply, ""
		}
		if network == "tcp" {
			return reply, why
		}
	}
}

func receive(conn net.Conn, network string) ([]byte, error) {
	if network == "udp" {
		packet := make([]byte, 64<<10)
		n, err := conn.Read(packet)
		return packet[:n], err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	packet := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, packet)
	return packet, err
}

func sameQuestion(a, b dnsmessage.Question) bool {
	return strings.EqualFold(a.Name.String(), b.Name.String()) && a.Type == b.Type && a.Class == b.Class
}

// answersOf follows aliases from the name that was asked for and lists the
// records at their end. A record of a name that none of them leads to is an
// answer to something else.
func answersOf(records []dnsmessage.Resource, q dnsmessage.Question) (answers []string, why string) {
	owner := func(r dnsmessage.Resource) string { return strings.ToLower(r.Header.Name.String()) }
	name := strings.ToLower(q.Name.String())
	named := map[string]bool{name: true}
	for range aliasesMax {
		for _, r := range records {
			if alias, ok := r.Body.(*dnsmessage.CNAMEResource); ok && named[owner(r)] {
				named[strings.ToLower(alias.CNAME.String())] = true
			}
		}
	}
	for _, r := range records {
		if !named[owner(r)] {
			return nil, "answer for another name"
		}
		if r.Header.Type == q.Type && (q.Type != dnsmessage.TypeCNAME || owner(r) == name) {
			answers = append(answers, written(r.Body))
		}
	}
	return answers, ""
}

// written is a record as check.DNS compares it.
func written(body dnsmessage.ResourceBody) string {
	name := func(n dnsmessage.Name) string { return strings.ToLower(strings.TrimSuffix(n.String(), ".")) }
	number := func(n uint16) string { return strconv.Itoa(int(n)) }
	switch r := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(r.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(r.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return name(r.CNAME)
	case *dnsmessage.NSResource:
		return name(r.NS)
	case *dnsmessage.PTRResource:
		return name(r.PTR)
	case *dnsmessage.MXResource:
		return number(r.Pref) + " " + name(r.MX)
	case *dnsmessage.SRVResource:
		return number(r.Priority) + " " + number(r.Weight) + " " + number(r.Port) + " " + name(r.Target)
	case *dnsmessage.TXTResource:
		return strings.Join(r.TXT, "")
	}
	return ""
}
