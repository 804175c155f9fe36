package contract

import (
	"fmt"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

var dueTests = []test{
	{"an incident is due at its time, and no more once it has settled", func(f fixture) {
		in := opened()
		in.NextStep = at(3 * time.Minute)
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: in})
		f.dueFrom("step", at(3*time.Minute))
		later := next(in)
		later.NextStep = at(6 * time.Minute)
		f.commit(loop.Commit{Before: in, After: later})
		f.dueFrom("next step", at(6*time.Minute))
		f.commit(loop.Commit{Before: later, After: settled(later, night)})
		f.same("settled", f.due(never), []incident.Key(nil))
	}},
	{"a page is due at its time, then at the end of its lease, and no more once it is sent", func(f fixture) {
		p := page("p", at(time.Minute))
		f.open(p)
		f.dueFrom("waiting", at(time.Minute))
		lease := loop.Lease{Token: "t", Until: at(2 * time.Minute)}
		f.must(f.lease(p, lease, at(time.Minute)))
		f.dueFrom("leased", at(2*time.Minute))
		again := p
		again.Due = at(90 * time.Second)
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Lease: lease, Again: []incident.Page{again}, At: night}))
		f.dueFrom("again", at(90*time.Second))
		f.must(f.record(loop.Record{Key: key, Incident: "i1", Done: []incident.Page{again}, At: night}))
		f.dueFrom("sent", opened().NextStep)
	}},
	{"a page born leased is due at the end of its lease", func(f fixture) {
		f.commit(loop.Commit{Before: incident.Incident{Key: key}, After: opened(),
			Pages: []loop.LivePage{{Page: page("p", night), Lease: loop.Lease{Token: "t", Until: at(30 * time.Second)}}}})
		f.dueFrom("leased", at(30*time.Second))
	}},
	{"a signal is due at once, until what has folded it is unpacked", func(f fixture) {
		old := signal("s")
		old.At = at(-48 * time.Hour)
		f.put(old, signal("s2"))
		f.same("put", f.due(night), []incident.Key{key})
		r := f.packed(loop.Rest{}, "s3")
		r.Signals = []string{"s", "s2", "s3"}
		in := f.load(key).Incident
		c := loop.Commit{Before: in, After: next(in)}
		c.Rest = restOf(c)
		c.Rest.Signals = []string{"s", "s2"}
		f.commit(c)
		f.same("a rest waits", f.due(night), []incident.Key{key})
		for _, r := range f.load(key).Rests {
			f.unpack(r)
		}
		f.dueFrom("unpacked", opened().NextStep)
	}},
	{"a rest is due at once, and so are its pages when it is unpacked", func(f fixture) {
		r := f.packed(loop.Rest{Pages: []incident.Page{page("p", at(time.Hour))}}, "s")
		f.same("a rest waits", f.due(night), []incident.Key{key})
		f.unpack(r)
		f.dueFrom("unpacked", at(time.Hour))
	}},
	{"keys are listed once, the longest overdue first, and no more than asked for", func(f fixture) {
		const n = 24
		for i := range n {
			in := opened()
			in.ID, in.Key = incident.ID(fmt.Sprint("i", i)), incident.Key(fmt.Sprint("mail/org", i))
			in.NextStep = at(time.Duration(n-i) * time.Minute)
			c := loop.Commit{Before: incident.Incident{Key: in.Key}, After: in}
			for j := range 3 {
				p := page(fmt.Sprint("p", j), in.NextStep.Add(time.Duration(j)*time.Second))
				p.Incident = in.ID
				c.Pages = append(c.Pages, loop.LivePage{Page: p})
			}
			f.commit(c)
		}
		position := map[incident.Key]int{}
		for i := range n {
			position[incident.Key(fmt.Sprint("mail/org", i))] = n - i
		}
		total := 0
		for shard := range loop.Shards {
			all, err := f.Due(f.Context(), shard, at(20*time.Minute), 100)
			f.must(err)
			total += len(all)
			for i := 1; i < len(all); i++ {
				if position[all[i]] < position[all[i-1]] {
					f.Errorf("shard %d lists %s before %s, which is longer overdue", shard, all[i-1], all[i])
				}
			}
			first, err := f.Due(f.Context(), shard, at(20*time.Minute), 2)
			f.must(err)
			f.same("the first two", first, all[:min(2, len(all))])
		}
		if total != 20 {
			f.Errorf("%d keys are due after 20 minutes, want 20", total)
		}
	}},
	{"keys are spread over the shards", func(f fixture) {
		for i := range 40 {
			s := signal(fmt.Sprint("s", i))
			s.Key = incident.Key(fmt.Sprint("check/c", i))
			f.put(s)
		}
		if n := len(f.due(night)); n != 40 {
			f.Fatalf("%d of 40 keys are due", n)
		}
		for shard := range loop.Shards {
			if keys, err := f.Due(f.Context(), shard, night, 100); len(keys) == 0 || err != nil {
				f.Errorf("shard %d: %d keys, %v", shard, len(keys), err)
			}
		}
	}},
	{"there is no shard beyond the last", func(f fixture) {
		for _, shard := range []int{-1, loop.Shards} {
			if _, err := f.Due(f.Context(), shard, night, 1); err == nil {
				f.Errorf("shard %d: no error", shard)
			}
		}
	}},
}

// dueFrom checks that key is due at the instant, and not a nanosecond sooner.
func (f fixture) dueFrom(what string, t time.Time) {
	f.Helper()
	f.same(what+", before", f.due(t.Add(-time.Nanosecond)), []incident.Key(nil))
	f.same(what, f.due(t), []incident.Key{key})
}
