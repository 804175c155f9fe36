package mail

// UsOf returns what a reader must know about an inbox: the address it receives
// at, the one it answers from ("" for none) and the team's domains.
func UsOf(address, replyFrom string, team []string, via Via) Us {
	us := Us{Addresses: []string{address}, Team: team, Via: via, IDDomain: Address{Address: address}.Domain()}
	if replyFrom != "" {
		us.Addresses = append(us.Addresses, replyFrom)
	}
	return us
}
