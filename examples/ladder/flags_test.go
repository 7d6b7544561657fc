package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSizes has flags take the place of the size's, 0 where it has a meaning included.
func TestSizes(t *testing.T) {
	own := small
	own.epochs, own.batch = 0, 0
	mixed := full
	mixed.rungs, mixed.width, mixed.seeds = "17-18", 16, 3
	for _, test := range []struct {
		name string
		args []string
		want size
	}{
		{"none given", nil, small},
		{"small", []string{"-size", "small"}, small},
		{"full", []string{"-size", "full"}, full},
		{"the recipes' own", []string{"-epochs", "0", "-batch", "0"}, own},
		{"flags, before and after", []string{"-width", "16", "-size", "full", "-seeds", "3", "-rungs", "17-18"}, mixed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := parse(test.args, &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, s.size, cmp.AllowUnexported(size{})); diff != "" {
				t.Errorf("size (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFits(t *testing.T) {
	for _, test := range []struct {
		name   string
		args   []string
		images int
		want   string // "" for no error
	}{
		{"all as published", []string{"-size", "full"}, 50_000, ""},
		{"small", nil, 50_000, ""},
		{"too few images for a recipe", []string{"-size", "full", "-rungs", "4-8"}, 600, "rung 8: batch 768 is larger than the training set of 600 images"},
		{"too few by the limit", []string{"-train-limit", "100"}, 50_000, "rung 9: batch 128 is larger than the training set of 100 images"},
		{"groups of a ghost norm", []string{"-size", "full", "-batch", "100"}, 50_000, "rung 23: batch 100, need a multiple of its norm's 16 groups"},
		{"no group, any batch", []string{"-batch", "100"}, 50_000, ""},
		{"two problems", []string{"-size", "full", "-rungs", "7,8"}, 500,
			"rung 7: batch 512 is larger than the training set of 500 images\nrung 8: batch 768 is larger than the training set of 500 images"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := parse(test.args, &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := s.fits(test.images); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want conditions
	}{
		{"small", nil, conditions{"CIFAR-10", 50_000, 10_000, small.width, small.epochs, small.batch}},
		{"drawn and limited", []string{"-size", "full", "-data", "synthetic", "-train-limit", "256", "-test-limit", "100"},
			conditions{"synthetic", 256, 100, 64, 0, 0}},
		{"limits beyond the sets", []string{"-size", "full", "-train-limit", "60000", "-test-limit", "60000"}, conditions{"CIFAR-10", 50_000, 10_000, 64, 0, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := parse(test.args, &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, s.conditions(50_000, 10_000)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}
