package probe

import (
	"context"
	"time"

	"rouse/shared/check"
)

// Jobs keeps the calls of jobs.
type Jobs interface {
	// LoadJob returns the zero Job for one that is not known.
	LoadJob(ctx context.Context, name string) (check.Job, error)
	// SaveJob stores those times of j that are not zero, Armed only if none
	// is stored.
	SaveJob(ctx context.Context, name string, j check.Job) error
}

// heartbeat looks whether the job has called. Who cannot read the calls knows
// nothing of the job.
func (p *Prober) heartbeat(ctx context.Context, c check.Check, at time.Time) check.Sample {
	void := func(why string) check.Sample { return check.Sample{At: at, Void: why} }
	if p.Jobs == nil {
		return void("nobody here keeps the beats of jobs")
	}
	start := time.Now()
	j, err := p.Jobs.LoadJob(ctx, c.Name)
	if err == nil && j.Armed.IsZero() {
		j.Armed = at
		err = p.Jobs.SaveJob(ctx, c.Name, check.Job{Armed: at})
	}
	if err != nil {
		return void("its beats cannot be read: " + err.Error())
	}
	why := c.Heartbeat.Fault(j, at)
	return check.Sample{At: at, OK: why == "", Why: why, Took: time.Since(start)}
}
