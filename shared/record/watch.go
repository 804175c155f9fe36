package record

import (
	"time"

	"rouse/shared/incident"
)

// A Watch is what watch remembers from one run to the next. The zero Watch is
// the first run's.
type Watch struct {
	Notes []Note
	// Asked is when the account last answered everything, Tried when it was
	// last asked, and Account what it said then.
	Asked   time.Time
	Tried   time.Time
	Account []Finding
	// Drills have begun, and nobody has been told yet how they ended.
	Drills []incident.Key
	// LastDrill is the last appointed time at which a drill began, or was found
	// to be over; zero before the first run.
	LastDrill time.Time
	// Hole is what was last raised about the rota's next hour; zero if nothing,
	// or that there is no hole any more.
	Hole incident.Hole
}

// A Finding is one thing that is not as it should be.
type Finding struct {
	ID   string // the same thing has the same one
	What string // without numbers, addresses and customers' words
	Cure string
	// Night says that a page might not get through because of it.
	Night bool `json:",omitempty"`
	// Ring says that it cannot wait for daylight, and that nothing else rings.
	Ring bool `json:",omitempty"`
	// Patience is how long it must have been so before anybody is told.
	Patience time.Duration `json:",omitempty"`
}

// A Note is a finding, and who knows of it.
type Note struct {
	Finding
	Since time.Time // when it was first found
	Found time.Time // when it was last found
	Told  time.Time // zero while nobody has been told
	// Over says that it is no longer so. It is remembered for a while all the
	// same: what comes and goes is told once.
	Over bool `json:",omitempty"`
}

// A Deployment says where the deployed things are, for whoever sits at a
// terminal and knows the table alone.
type Deployment struct {
	Region string
	Topics map[string]string // ARNs by responder
	Ring   string            // ARN of the topic that rings phones
	Tell   string            // ARN of the topic that mails
	// Dead are the URLs of the dead-letter queues, by function.
	Dead map[string]string
	At   time.Time // when that was written
}
