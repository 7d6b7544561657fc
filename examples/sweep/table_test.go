package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/google/go-cmp/cmp"
)

// timeless is a table without the seconds, which no two runs share.
func timeless(table string) string {
	return regexp.MustCompile(`(?m) +\d+\.\d$`).ReplaceAllString(table, "")
}

func TestTable(t *testing.T) {
	s := read(t, `{"settings": {"recipe": "resnet9-24"}, "grid": {"width": [4, 8, 16]}, "seeds": {"count": 2}}`)
	runs, more, err := s.trials(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]outcome{}
	for i, r := range []results.Run{
		{Parameters: 26_476, TestAccuracy: 0.5, TrainSeconds: 10}, {Parameters: 104_552, TestAccuracy: 0.6, TrainSeconds: 20}, {Parameters: 412_944, Error: "training diverged"},
		{Parameters: 26_476, TestAccuracy: 0.52, TrainSeconds: 11},
	} {
		r.Backend, r.Device = "go", "CPU"
		done[runs[i].id] = outcome{Data: "synthetic", Run: r}
	}
	const want = `
width  n  accuracy  deviation  95 % interval  parameters  seconds
4      2   51.00 %       1.41        ± 12.71      26,476     10.5
8      1   60.00 %          -              -     104,552     20.0  1 missing
16     0         -          -              -     412,944        -  1 diverged, 1 missing

All: recipe resnet9-24.
4 runs of synthetic, on go (CPU), 2 missing.
Accuracy: mean over n runs, on the test set. Deviation: standard, over n-1. Interval: of the mean, by Student's distribution.
Seconds: of training, mean.
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), newTable(s, runs, more, done).text(0)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
