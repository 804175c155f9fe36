package loop

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"rouse/shared/incident"
)

// The line is what CloudWatch reads as metrics: names and units under _aws, and
// beside it a value for each name.
func TestPromiseMetrics(t *testing.T) {
	var line bytes.Buffer
	now := time.UnixMilli(1793592021734)
	slog.New(slog.NewJSONHandler(&line, nil)).Info("promises", promiseMetrics([]incident.Outcome{
		{Kept: true, Answered: true, Took: 3 * time.Minute}, {Broken: true}, {Answered: true, Took: 11 * time.Minute},
	}, now)...)
	var got struct {
		PromisesKept, PromisesBroken int
		AnswerSeconds                []float64
		AWS                          struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(line.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.PromisesKept != 1 || got.PromisesBroken != 1 || len(got.AnswerSeconds) != 2 || got.AnswerSeconds[1] != 660 {
		t.Errorf("values %+v", got)
	}
	m := got.AWS.CloudWatchMetrics
	if got.AWS.Timestamp != 1793592021734 || len(m) != 1 || m[0].Namespace != "Rouse" || len(m[0].Dimensions) != 1 || len(m[0].Metrics) != 3 {
		t.Errorf("directive %+v", got.AWS)
	}
	var all map[string]any
	if err := json.Unmarshal(line.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	for _, metric := range m[0].Metrics {
		if _, has := all[metric.Name]; !has || metric.Unit == "" {
			t.Errorf("no value for %+v", metric)
		}
	}
}
