package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/google/go-cmp/cmp"
)

func TestTableRow(t *testing.T) {
	epoch := fastresnet.Epoch{Number: 2, Rate: 0.0842, TrainLoss: 1.73114, TrainAccuracy: 0.36521, TestLoss: 12.5,
		TestAccuracy: 1, TrainTime: 34250 * time.Millisecond}
	diverged := epoch
	diverged.TrainLoss = math.NaN()
	for _, test := range []struct {
		name  string
		epoch fastresnet.Epoch
		note  string
		want  string
	}{
		{"whole", epoch, "", "    2  0.0842      1.7311    36.52 %    12.5000  100.00 %     34.2"},
		{"in part", epoch, "after 1,280 images", "    2  0.0842      1.7311    36.52 %          -         -     34.2  after 1,280 images"},
		{"diverged", diverged, "not tested", "    2  0.0842           -    36.52 %          -         -     34.2  not tested"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := results.EpochRow(test.epoch, test.note)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
			if test.note == "" && len(got) != len(results.EpochHeader) {
				t.Errorf("the row has %d columns, its header %d", len(got), len(results.EpochHeader))
			}
		})
	}
}

func TestSummary(t *testing.T) {
	done := func(accuracy results.Number) results.Run {
		return results.Run{Backend: "go", Device: "CPU", TestAccuracy: accuracy, ImagesPerSecond: 1234.5, TrainSeconds: 20, TotalSeconds: 25.04}
	}
	stopped := done(results.Number(math.NaN()))
	stopped.Error = "interrupted"
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
		{"two runs, the second stopped", []results.Run{done(0.7), stopped}, "test accuracy 70.00 % (n = 1); 50.1 s; 1,234 images/s on go (CPU)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, summary(test.runs)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
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
