package memstore

import (
	"maps"
	"slices"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// Copies that share no memory with what they were made of.

func copyIncident(in incident.Incident) incident.Incident {
	in.Attempts = slices.Clone(in.Attempts)
	in.Checks = maps.Clone(in.Checks)
	in.Orgs = slices.Clone(in.Orgs)
	in.Paged = slices.Clone(in.Paged)
	in.Waiting = slices.Clone(in.Waiting)
	in.Told = slices.Clone(in.Told)
	return in
}

func copySignal(s incident.Signal) incident.Signal {
	s.Check = copyOf(s.Check)
	s.Report = copyOf(s.Report)
	s.Tap = copyOf(s.Tap)
	s.Delivery = copyOf(s.Delivery)
	s.Answer = copyOf(s.Answer)
	s.Move = copyOf(s.Move)
	s.Drill = copyOf(s.Drill)
	s.Hole = copyOf(s.Hole)
	if s.Answer != nil {
		s.Answer.Reporters = slices.Clone(s.Answer.Reporters)
	}
	if s.Report != nil {
		s.Report.Reporter = copyReporter(s.Report.Reporter)
		s.Report.Why = slices.Clone(s.Report.Why)
		if s.Report.Moved = copyOf(s.Report.Moved); s.Report.Moved != nil {
			s.Report.Moved.Waiting = copyOf(s.Report.Moved.Waiting)
		}
	}
	return s
}

func copyReporter(r incident.Reporter) incident.Reporter {
	r.References = slices.Clone(r.References)
	return r
}

func copyCode(c loop.Code) loop.Code {
	c.More = slices.Clone(c.More)
	return c
}

func copyRest(r loop.Rest) loop.Rest {
	r.Signals = slices.Clone(r.Signals)
	r.Gone = slices.Clone(r.Gone)
	r.Pages = slices.Clone(r.Pages)
	r.Reporters = slices.Clone(r.Reporters)
	for i := range r.Reporters {
		r.Reporters[i] = copyReporter(r.Reporters[i])
	}
	if r.Received = copyOf(r.Received); r.Received != nil {
		r.Received.Only = slices.Clone(r.Received.Only)
	}
	return r
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
