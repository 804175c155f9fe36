package loop

import (
	"time"

	"rouse/shared/incident"
)

// valuesMax is how many values of a metric CloudWatch reads of one line.
const valuesMax = 100

// promiseMetrics are the attributes of a log line that CloudWatch reads as
// metrics (its embedded metric format): how many promises to reporters were
// kept and broken, and after how many seconds a person has answered.
func promiseMetrics(outcomes []incident.Outcome, now time.Time) []any {
	kept, broken := 0, 0
	seconds := []float64{}
	for _, o := range outcomes {
		if o.Kept {
			kept++
		}
		if o.Broken {
			broken++
		}
		if o.Answered && len(seconds) < valuesMax {
			seconds = append(seconds, o.Took.Seconds())
		}
	}
	type metric struct{ Name, Unit string }
	metrics := []metric{{"PromisesKept", "Count"}, {"PromisesBroken", "Count"}}
	values := []any{"PromisesKept", kept, "PromisesBroken", broken}
	if len(seconds) > 0 {
		metrics = append(metrics, metric{"AnswerSeconds", "Seconds"})
		values = append(values, "AnswerSeconds", seconds)
	}
	aws := map[string]any{
		"Timestamp": now.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": "Rouse", "Dimensions": [][]string{{}}, "Metrics": metrics,
		}},
	}
	return append(values, "_aws", aws)
}
