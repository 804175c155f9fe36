package contract

import (
	"time"

	"rouse/shared/amend"
	"rouse/shared/escalation"
	"rouse/shared/loop"
	"rouse/shared/reach"
)

func fact(who string, c escalation.Channel, why string, found time.Duration) reach.Fact {
	return reach.Fact{Who: who, Channel: c, Why: why, Since: at(-time.Hour), Found: at(found)}
}

var reachTests = []test{
	{"facts are listed by person and channel, whole", func(f fixture) {
		f.reached("at first")
		want := []reach.Fact{
			fact("ana", escalation.Email, "", 0), fact("ana", escalation.SMS, "the number has opted out", time.Nanosecond), fact("bo", escalation.SMS, "", 0),
		}
		for _, i := range []int{2, 1, 0} {
			f.must(f.PutReach(f.Context(), want[i]))
		}
		f.reached("three", want...)
	}},
	{"of one channel what was found last is known", func(f fixture) {
		f.must(f.PutReach(f.Context(), fact("ana", escalation.SMS, "at first", 0)))
		last := fact("ana", escalation.SMS, "last", time.Minute)
		f.must(f.PutReach(f.Context(), last))
		f.reached("in order", last)
		f.must(f.PutReach(f.Context(), fact("ana", escalation.SMS, "late", time.Minute-1)))
		f.reached("out of order", last)
		mended := fact("ana", escalation.SMS, "", time.Minute)
		f.must(f.PutReach(f.Context(), mended))
		f.reached("at the same time", mended)
	}},
	{"they are read together with the amendments, and each without the others", func(f fixture) {
		known, made := fact("ana", escalation.SMS, "the number has opted out", 0), override("a", 0)
		f.must(f.PutReach(f.Context(), known))
		f.must(f.Amend(f.Context(), made))
		f.put(signal("s")) // and nothing else
		found, err := f.Standing(f.Context())
		f.must(err)
		f.same("both", found, amend.Standing{Amendments: []amend.Amendment{made}, Reach: []reach.Fact{known}})
		f.amended("amendments", []amend.Amendment{made})
		f.reached("facts", known)
	}},
}

var circuitTests = []test{
	{"of each channel the last circuit is known, beside all else that stands", func(f fixture) {
		sms := loop.Circuit{Channel: "sms", Why: "throttled", Since: night, Until: at(time.Minute), Trips: 1}
		email := loop.Circuit{Channel: "email", Why: "throttled", Since: night, Until: at(time.Hour), Trips: 3}
		f.must(f.PutCircuit(f.Context(), sms))
		f.must(f.PutCircuit(f.Context(), email))
		sms.Trips, sms.Until = 2, at(2*time.Minute)
		f.must(f.PutCircuit(f.Context(), sms))
		f.must(f.Amend(f.Context(), override("a", 0)))
		found, err := f.Standing(f.Context())
		f.must(err)
		f.same("standing", found, amend.Standing{Amendments: []amend.Amendment{override("a", 0)}, Circuits: []loop.Circuit{email, sms}})
	}},
}

func (f fixture) reached(what string, want ...reach.Fact) {
	f.Helper()
	facts, err := f.Reach(f.Context())
	f.must(err)
	f.same(what, append([]reach.Fact{}, facts...), append([]reach.Fact{}, want...))
}
