package config

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// canonicalAnswer writes an answer to a question for the record as check.DNS
// compares them. Its error says how such an answer is written.
func canonicalAnswer(record, answer string) (string, error) {
	parts := strings.Fields(answer)
	switch record {
	case "TXT":
		return answer, nil
	case "A", "AAAA":
		ip, err := netip.ParseAddr(answer)
		if err != nil || ip.Is4() != (record == "A") || ip.Zone() != "" {
			return "", map[string]error{"A": errA, "AAAA": errAAAA}[record]
		}
		return ip.String(), nil
	case "MX", "SRV":
		numbers, want := 1, errMX
		if record == "SRV" {
			numbers, want = 3, errSRV
		}
		if len(parts) != numbers+1 {
			return "", want
		}
		for i, p := range parts[:numbers] {
			n, err := strconv.ParseUint(p, 10, 16)
			if err != nil {
				return "", want
			}
			parts[i] = strconv.FormatUint(n, 10)
		}
	default:
		if len(parts) != 1 {
			return "", errName
		}
	}
	last := &parts[len(parts)-1]
	*last = strings.ToLower(strings.TrimSuffix(*last, "."))
	return strings.Join(parts, " "), nil
}

var (
	errA    = errors.New("write an IPv4 address like 192.0.2.1")
	errAAAA = errors.New("write an IPv6 address like 2001:db8::1")
	errMX   = errors.New("write a preference and a name, like 10 mx1.example.com")
	errSRV  = errors.New("write priority, weight, port and a name, like 0 5 5060 sip.example.com")
	errName = errors.New("write one name, like app.example.com")
)
