package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	done := func(accuracy results.Number) results.Run {
		return results.Run{Backend: "go", Device: "CPU", TestAccuracy: accuracy, ImagesPerSecond: 1234.5, TrainSeconds: 20, TotalSeconds: 25.04}
	}
	stopped := done(results.Number(math.NaN()))
	stopped.Error = "interrupted"
	again := done(0.72) // told from its checkpoint
	again.ImagesPerSecond = results.Number(math.NaN())
	plugin := done(0.7)
	path := filepath.Join(t.TempDir(), "cpu.so")
	plugin.Backend, plugin.Device = "xla:"+path, "CPU_0, plugin "+path
	for _, test := range []struct {
		name string
		runs []results.Run
		want string
	}{
		{"a plugin without its folder", []results.Run{plugin}, "test accuracy 70.00 %; 25.0 s, of which 20.0 s training; 1,234 images/s on xla:cpu.so (CPU_0, plugin cpu.so)"},
		{"one run", []results.Run{done(0.7231)}, "test accuracy 72.31 %; 25.0 s, of which 20.0 s training; 1,234 images/s on go (CPU)"},
		{"one run, stopped before a test", []results.Run{stopped}, "not tested; 25.0 s, of which 20.0 s training; 1,234 images/s on go (CPU)"},
		{"two runs", []results.Run{done(0.7), done(0.72)}, "test accuracy 71.00 % ± 1.41 % (n = 2); 50.1 s; 1,234 images/s on go (CPU)"},
		{"one run of unknown speed", []results.Run{again}, "test accuracy 72.00 %; 25.0 s, of which 20.0 s training on go (CPU)"},
		{"two runs, one of unknown speed", []results.Run{again, done(0.7)}, "test accuracy 71.00 % ± 1.41 % (n = 2); 50.1 s; 1,234 images/s on go (CPU)"},
		{"two runs of unknown speed", []results.Run{again, again}, "test accuracy 72.00 % ± 0.00 % (n = 2); 50.1 s on go (CPU)"},
		{"two runs, the second stopped", []results.Run{done(0.7), stopped}, "test accuracy 70.00 % (n = 1); 50.1 s; 1,234 images/s on go (CPU)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, summary(test.runs)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

// A run of a single step has no speed, neither in the summary nor in the file.
func TestOneStep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	status, stdout, stderr := start(t.Context(), append(tiny, "-train-limit", "64", "-quiet", "-json", file)...)
	if status != program.ExitOK || !strings.Contains(stdout, " s training on go") {
		t.Fatalf("exit status %d, stderr %q, stdout %q", status, stderr, stdout)
	}
	var fields map[string]any
	readJSON(t, file, &fields)
	if speed, is := fields["images_per_second"]; speed != nil || !is {
		t.Errorf("images_per_second is %v, want null", speed)
	}
}

func TestSeriesJSON(t *testing.T) {
	for _, test := range []struct {
		name string
		runs []results.Run
		want string
	}{
		{"no run came to its end", []results.Run{{TestAccuracy: 0.5, Error: "interrupted"}}, `{"mean":null,"std":null}`},
		{"one has no deviation", []results.Run{{TestAccuracy: 0.5}}, `{"mean":0.5,"std":null}`},
		{"two: over n-1", []results.Run{{TestAccuracy: 0.25}, {TestAccuracy: 0.75}}, `{"mean":0.5,"std":0.3535533905932738}`},
		{"a stopped one does not count", []results.Run{{TestAccuracy: 0.5}, {TestAccuracy: 0.5}, {TestAccuracy: 0.1, Error: "interrupted"}},
			`{"mean":0.5,"std":0}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSeries(test.runs)
			got, err := json.Marshal(map[string]results.Number{"mean": s.Mean, "std": s.Std})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}
