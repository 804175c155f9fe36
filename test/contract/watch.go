package contract

import (
	"time"

	"rouse/shared/incident"
	"rouse/shared/record"
)

var watchTests = []test{
	{"of each function the last beat is known", func(f fixture) {
		beats, err := f.Beats(f.Context())
		f.must(err)
		f.same("at first", len(beats), 0)
		for i, name := range []string{"router", "desk", "router"} {
			f.must(f.Beat(f.Context(), name, at(time.Duration(i)*time.Minute+1)))
		}
		beats, err = f.Beats(f.Context())
		f.must(err)
		f.same("beats", beats, map[string]time.Time{"router": at(2*time.Minute + 1), "desk": at(time.Minute + 1)})
	}},
	{"what watch remembers is what it wrote last, whole", func(f fixture) {
		w, err := f.LoadWatch(f.Context())
		f.must(err)
		f.same("at first", w, record.Watch{})
		finding := record.Finding{ID: "reach/ana/sms", What: "opted out", Cure: "text START", Night: true, Patience: time.Minute}
		want := record.Watch{
			Notes: []record.Note{{Finding: finding, Since: at(0), Found: at(1), Told: at(2), Over: true}}, Asked: at(3), Tried: at(4),
			Account: []record.Finding{finding}, Drills: []incident.Key{"drill/1"}, LastDrill: at(5),
			Hole: incident.Hole{Schedule: "primary", Owner: "ana", From: at(6), To: at(7), Why: "nobody"},
		}
		f.must(f.SaveWatch(f.Context(), record.Watch{Drills: []incident.Key{"drill/0"}}))
		f.must(f.SaveWatch(f.Context(), want))
		want.Notes[0].ID = "changed afterwards"
		w, err = f.LoadWatch(f.Context())
		f.must(err)
		want.Notes[0].ID = finding.ID
		f.same("remembered", w, want)
	}},
	{"where things are deployed can be asked", func(f fixture) {
		d, err := f.Deployment(f.Context())
		f.must(err)
		f.same("at first", d, record.Deployment{})
		want := record.Deployment{Region: "us-east-2", Topics: map[string]string{"ana": "arn"}, Ring: "ring", Tell: "tell", Dead: map[string]string{"router": "url"}, At: at(0)}
		f.must(f.PutDeployment(f.Context(), want))
		d, err = f.Deployment(f.Context())
		f.must(err)
		f.same("deployment", d, want)
	}},
}
