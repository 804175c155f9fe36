package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"rouse/shared/check"
)

// addressesMax is how many addresses of one host are tried at once. More are a
// fault: to try some of them would be to say of the rest that they are well.
const addressesMax = 16

// A dial opens connections as net.Dialer.DialContext does.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

func (p *Prober) dialer() *net.Dialer { return &net.Dialer{Resolver: p.Resolver} }

// each tries the addresses of host that are asked for, all at once, and names
// the bad one, unless all are bad in the same way.
func (p *Prober) each(ctx context.Context, which check.Addresses, host string, try func(dial) string) string {
	open := p.dialer().DialContext
	if which == check.AnyAddress {
		return try(open)
	}
	network := "ip"
	if which == check.AllIPv4 {
		network = "ip4"
	}
	ips, err := p.Resolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return reason(err, "in DNS")
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	slices.SortFunc(ips, netip.Addr.Compare)
	ips = slices.Compact(ips)
	if len(ips) > addressesMax {
		return fmt.Sprintf("more than %d addresses", addressesMax)
	}
	whys := make([]string, len(ips))
	panics := make([]any, len(ips))
	var tries sync.WaitGroup
	for i, ip := range ips {
		tries.Go(func() {
			// Whoever samples recovers, but not from what another goroutine
			// panics with.
			defer func() { panics[i] = recover() }()
			whys[i] = try(pinned(open, host, ip))
		})
	}
	tries.Wait()
	for _, r := range panics {
		if r != nil {
			panic(r)
		}
	}
	names := make([]string, len(ips))
	for i, ip := range ips {
		names[i] = ip.String()
	}
	return blame(names, whys)
}

// pinned opens connections to host at ip, and others as open does.
func pinned(open dial, host string, ip netip.Addr) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if name, port, err := net.SplitHostPort(address); err == nil && strings.EqualFold(name, host) {
			address = net.JoinHostPort(ip.String(), port)
		}
		return open(ctx, network, address)
	}
}

// blame says which of those that were asked is bad, and why.
func blame(names, whys []string) string {
	first, bad, alike := -1, 0, true
	for i, why := range whys {
		if why == "" {
			continue
		}
		if first < 0 {
			first = i
		}
		bad++
		alike = alike && why == whys[first]
	}
	switch {
	case bad == 0:
		return ""
	case bad == len(whys) && alike:
		return whys[first]
	case bad == 1:
		return fmt.Sprintf("%s: %s", names[first], whys[first])
	}
	return fmt.Sprintf("%s: %s, and %d more of %d addresses", names[first], whys[first], bad-1, len(whys))
}
