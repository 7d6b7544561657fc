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

func TestConditions(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want conditions
	}{
		{"small", nil, conditions{"CIFAR-10", 50_000, 10_000, small.width, small.epochs, small.batch}},
		{"drawn", []string{"-size", "full", "-data", "synthetic"}, conditions{"synthetic", 50_000, 10_000, 64, 0, 0}},
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
