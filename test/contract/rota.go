package contract

import (
	"fmt"
	"time"

	"rouse/shared/amend"
)

func override(id string, made time.Duration) amend.Amendment {
	return amend.Amendment{ID: id, Schedule: "primary", Who: []string{"bo", "cy"}, From: at(0), To: at(time.Hour), Why: "swapped", By: "bo", At: at(made)}
}

var rotaTests = []test{
	{"amendments are listed in the order in which they were made, whole", func(f fixture) {
		f.amended("at first", nil)
		var want []amend.Amendment
		for i := range 5 {
			a := override(fmt.Sprint("o", 9-i), time.Duration(i)*time.Millisecond)
			a.Forced = i == 2
			want = append(want, a)
		}
		away := amend.Amendment{ID: "a1", Who: []string{"ana"}, From: at(-24 * time.Hour), To: at(time.Second), At: at(5 * time.Millisecond)}
		want = append(want, away)
		for _, i := range []int{5, 2, 0, 4, 1, 3} {
			f.must(f.Amend(f.Context(), want[i]))
		}
		f.amended("six", want)
	}},
	{"of those made at once the order is always the same", func(f fixture) {
		f.must(f.Amend(f.Context(), override("b", 0)))
		f.must(f.Amend(f.Context(), override("a", 0)))
		f.amended("two", []amend.Amendment{override("a", 0), override("b", 0)})
	}},
	{"an amendment with a known ID takes the other's place", func(f fixture) {
		f.must(f.Amend(f.Context(), override("a", 0)))
		changed := override("a", time.Second)
		changed.Who = []string{"ana"}
		f.must(f.Amend(f.Context(), changed))
		f.must(f.Amend(f.Context(), changed))
		f.amended("changed", []amend.Amendment{changed})
	}},
	{"what is withdrawn is gone, once", func(f fixture) {
		f.must(f.Amend(f.Context(), override("a", 0)))
		f.must(f.Amend(f.Context(), override("b", 0)))
		for i, want := range []bool{true, false} {
			if found, err := f.Withdraw(f.Context(), "a"); err != nil || found != want {
				f.Errorf("withdrawal %d: %t, %v", i+1, found, err)
			}
		}
		f.amended("withdrawn", []amend.Amendment{override("b", 0)})
	}},
	{"no list shares memory with the store", func(f fixture) {
		mine := override("a", 0)
		f.must(f.Amend(f.Context(), mine))
		mine.Who[0] = "mallory"
		list, err := f.Amendments(f.Context())
		f.must(err)
		list[0].Who[0] = "mallory"
		f.amended("as it was put", []amend.Amendment{override("a", 0)})
	}},
}

func (f fixture) amended(what string, want []amend.Amendment) {
	f.Helper()
	list, err := f.Amendments(f.Context())
	f.must(err)
	f.same(what, append([]amend.Amendment{}, list...), append([]amend.Amendment{}, want...))
}
