package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
)

// until trains epochs up to the last one, and is stopped after so many steps in all; -1 for never.
func until(t *testing.T, trainer *Trainer, epochs, stop int) (history []Metrics, variables map[string][]float32) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	steps := trainer.Steps()
	rates := constant(0.05, steps*trainer.cfg.Rates())
	for epoch := max(trainer.epoch, 1); epoch <= epochs && ctx.Err() == nil; epoch++ {
		m, err := trainer.Epoch(ctx, epoch, rates, func(step, _ int) {
			if (epoch-1)*steps+step+1 == stop {
				cancel()
			}
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("%+v", err)
		}
		history = append(history, m)
	}
	variables, err := trainer.Variables()
	if err != nil {
		t.Fatal(err)
	}
	return history, variables
}

// A run that is stopped after any step and goes on from its snapshot, in another trainer, ends as one that was not:
// to the bit, on every backend, for every way of loading.
func TestRestoredRunsContinue(t *testing.T) {
	const epochs = 2
	set := synthetic(t, 22)
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		for _, loading := range loadings {
			if loading == data.LoadEveryEpoch && !d.PureGo() {
				continue // it draws as LoadPerImage does
			}
			cfg := smallConfig(t, set, 8)
			cfg.Loading = loading
			cfg.KeepIncomplete = true // three steps an epoch
			cfg.AverageEvery, cfg.Average.Keep = 2, 0.5
			whole, want := until(t, newTrainer(t, d, cfg, set), epochs, -1)
			for _, stop := range []int{1, 3, 4} { // in an epoch, between epochs, in the next
				t.Run(fmt.Sprintf("%s, step %d", loading, stop), func(t *testing.T) {
					first := newTrainer(t, d, cfg, set)
					until(t, first, epochs, stop)
					s, err := first.Snapshot()
					if err != nil {
						t.Fatal(err)
					}
					second := newTrainer(t, d, cfg, set)
					if err := second.Restore(s); err != nil {
						t.Fatal(err)
					}
					history, got := until(t, second, epochs, -1)
					if diff := cmp.Diff(whole[epochs-len(history):], history); diff != "" {
						t.Errorf("metrics (-whole +resumed):\n%s", diff)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("variables (-whole +resumed):\n%.1000s", diff)
					}
				})
			}
		}
	})
}

// A snapshot that does not fit changes nothing.
func TestRestoreRejects(t *testing.T) {
	set := synthetic(t, 16)
	d := openFor(t, "go")
	cfg := smallConfig(t, set, 8)
	cfg.AverageEvery, cfg.Average.Keep = 1, 0.5
	tests := map[string]func(s *Snapshot){
		"more steps than an epoch has": func(s *Snapshot) { s.Steps = 3 },
		"steps below 0":                func(s *Snapshot) { s.Steps = -1 },
		"no metrics":                   func(s *Snapshot) { s.Metrics = nil },
		"a variable too short":         func(s *Snapshot) { s.Variables["conv/weight"] = s.Variables["conv/weight"][1:] },
		"no velocity":                  func(s *Snapshot) { delete(s.Velocities, "conv/weight") },
		"no averages":                  func(s *Snapshot) { s.Averages = nil },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			trainer := newTrainer(t, d, cfg, set)
			until(t, trainer, 1, 1)
			before, err := trainer.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			s, err := trainer.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			spoil(&s)
			if err := trainer.Restore(s); err == nil {
				t.Fatal("no error")
			}
			after, err := trainer.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("(-before +after):\n%.1000s", diff)
			}
		})
	}
}
