package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		rounds int
		only   string
		want   string // "" for no problem
	}{
		{"both", 1, "", ""},
		{"training", 5, "train", ""},
		{"prediction", 5, "predict", ""},
		{"no round", 0, "", "-rounds 0: need at least 1"},
		{"a misspelt half", 5, "trian", "-only trian: need train or predict"},
		{"two problems", -1, "both", "-rounds -1: need at least 1\n-only both: need train or predict"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := check(test.rounds, test.only); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContests has every row of training that BENCHMARKS.md tells of.
func TestContests(t *testing.T) {
	all, err := contests(t.TempDir(), 1, []string{"8"}, []string{"float32 eager", "bfloat16 compile"}, "train")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	want := []string{
		"training, resnet9, width 8, batch 128, PyTorch float32 eager",
		"training, resnet9, width 8, batch 128, PyTorch bfloat16 compile",
		"training, airbench94, width 64, batch 2000, PyTorch float32 eager",
		"training, airbench94, width 64, batch 2000, PyTorch bfloat16 compile",
		"training, airbench94, width 64, batch 128, PyTorch float32 eager",
		"training, airbench94, width 64, batch 128, PyTorch bfloat16 compile",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("contests (-want +got):\n%s", diff)
	}
}
