package page

import "rouse/shared/config"

// PeopleOf returns the responders that the team has written down.
func PeopleOf(c *config.Config) People {
	people := People{}
	for id, r := range c.Responders {
		people[id] = Person{Name: r.Name, Zone: r.Zone}
	}
	return people
}

// New returns a Pager for what the team has written down. url is where the ack
// screen is served.
func New(c *config.Config, url string, carrier Carrier) (*Pager, error) {
	composer, err := NewComposer(c.Service, url, PeopleOf(c))
	if err != nil {
		return nil, err
	}
	composer.Words = c.SMS.Number != ""
	return &Pager{Composer: composer, Carrier: carrier}, nil
}
