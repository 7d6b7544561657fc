package fastresnet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/schedule"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// testedIn are the numbers of the epochs that were tested. An epoch that was not has no figures.
func testedIn(t *testing.T, epochs []fastresnet.Epoch) (numbers []int) {
	t.Helper()
	for _, e := range epochs {
		switch {
		case e.Tested:
			numbers = append(numbers, e.Number)
		case e.TestLoss != 0 || e.TestAccuracy != 0:
			t.Errorf("not tested, and with figures: %+v", e)
		}
	}
	return numbers
}

// Tests are where they are asked for and at the end, have the figures that they would have had, and leave the weights alone.
func TestTestEvery(t *testing.T) {
	options := func(extra ...fastresnet.Option) []fastresnet.Option {
		return interrupted(t, append([]fastresnet.Option{fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(5)}, extra...)...)
	}
	every := outcomeOf(t, finished(t, options()...))
	for _, tt := range []struct {
		name   string
		option fastresnet.Option
		want   []int
	}{
		{"by default", nil, []int{1, 2, 3, 4, 5}},
		{"every one", fastresnet.WithTestEvery(1), []int{1, 2, 3, 4, 5}},
		{"every second and the last", fastresnet.WithTestEvery(2), []int{2, 4, 5}},
		{"the last", fastresnet.WithTestEvery(5), []int{5}},
		{"less often than there are epochs", fastresnet.WithTestEvery(9), []int{5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := finished(t, options(tt.option)...)
			if r.TestAccuracy() != every.Epochs[4].TestAccuracy {
				t.Errorf("test accuracy %g, want %g", r.TestAccuracy(), every.Epochs[4].TestAccuracy)
			}
			got := outcomeOf(t, r)
			if diff := cmp.Diff(tt.want, testedIn(t, got.Epochs)); diff != "" {
				t.Errorf("tested epochs (-want +got):\n%s", diff)
			}
			for i, e := range got.Epochs {
				if e.Tested && (e.TestLoss != every.Epochs[i].TestLoss || e.TestAccuracy != every.Epochs[i].TestAccuracy) {
					t.Errorf("%+v, want the figures of %+v", e, every.Epochs[i])
				}
			}
			tests := cmpopts.IgnoreFields(fastresnet.Epoch{}, "TestLoss", "TestAccuracy", "Tested")
			if diff := cmp.Diff(every, got, noTimes, tests); diff != "" {
				t.Errorf("(-tested after every epoch +got):\n%s", diff)
			}
		})
	}
}

// What decides by tests waits for the next one, and counts the epochs between them.
func TestTestEveryDecides(t *testing.T) {
	still := fastresnet.WithSchedule(schedule.Constant(0)) // all tests have the same result
	of := func(class int) *data.Dataset {
		set := synthetic(t, 110, 1)
		labels := slices.Repeat([]int{class}, set.Len())
		set, err := data.New(set.Pixels(), set.Shape(), labels, set.Classes())
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	for _, tt := range []struct {
		name    string
		options []fastresnet.Option
		epochs  int
		stopped fastresnet.StopReason
	}{
		{"a target that all tests reach", []fastresnet.Option{fastresnet.WithTargetAccuracy(1e-9), fastresnet.WithTestEvery(3)}, 3, fastresnet.TargetReached},
		{"patience of less than lies between tests", []fastresnet.Option{fastresnet.WithEarlyStop(1), fastresnet.WithTestEvery(3)}, 6, fastresnet.NoImprovement},
		{"patience of more", []fastresnet.Option{fastresnet.WithEarlyStop(3), fastresnet.WithTestEvery(2)}, 6, fastresnet.NoImprovement},
		{"no test with anything right", []fastresnet.Option{fastresnet.WithEarlyStop(1), fastresnet.WithTestEvery(2), fastresnet.WithDataset(of(0), of(1)),
			fastresnet.WithSchedule(schedule.Constant(0.1))}, 4, fastresnet.NoImprovement},
		{"a test at the end alone", []fastresnet.Option{fastresnet.WithEarlyStop(1), fastresnet.WithTargetAccuracy(1e-9), fastresnet.WithTestEvery(9)}, 8, fastresnet.NotStopped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := finished(t, interrupted(t, append([]fastresnet.Option{still, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(8)}, tt.options...)...)...)
			defer r.Model.Close()
			if len(r.Epochs) != tt.epochs || r.Stopped != tt.stopped {
				t.Errorf("%q after %d epochs, want %q after %d: %+v", r.Stopped, len(r.Epochs), tt.stopped, tt.epochs, r.Epochs)
			}
		})
	}
}

// The best weights are those of the best tested epoch. A run that is resumed may test after other epochs than before.
func TestTestEveryResumed(t *testing.T) {
	for name, best := range map[string]fastresnet.Option{"last weights": nil, "best weights": fastresnet.WithBestWeights()} {
		t.Run(name, func(t *testing.T) {
			options := func(n int, extra ...fastresnet.Option) []fastresnet.Option {
				return interrupted(t, append(extra, best, fastresnet.WithTestEvery(n), fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(8))...)
			}
			folder := t.TempDir()
			resumed := func(n int, extra ...fastresnet.Option) []fastresnet.Option {
				return options(n, append(extra, fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume())...)
			}
			for _, stop := range []struct{ testEvery, steps int }{{3, 6}, {3, 9}, {2, 1}} { // of 4 an epoch: in epochs 2, 4 and again 4
				ctx, cancel := context.WithCancel(context.Background())
				stopped, err := fastresnet.Train(ctx, resumed(stop.testEvery, stopAfter(stop.steps, cancel))...)
				cancel()
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("%+v: Train = %v", stop, err)
				}
				stopped.Model.Close()
			}
			got := finished(t, resumed(5)...)
			if diff := cmp.Diff([]int{3, 5, 8}, testedIn(t, got.Epochs)); diff != "" {
				t.Errorf("tested epochs (-want +got):\n%s", diff)
			}
			if best != nil && (got.BestEpoch == 0 || !got.Epochs[got.BestEpoch-1].Tested || got.TestAccuracy() != got.Epochs[got.BestEpoch-1].TestAccuracy) {
				t.Errorf("the best epoch is %d of %+v", got.BestEpoch, got.Epochs)
			}
			for _, e := range got.Epochs {
				if best != nil && e.TestAccuracy > got.TestAccuracy() {
					t.Errorf("epoch %d is better than the best, %d", e.Number, got.BestEpoch)
				}
			}
			if best == nil {
				want := outcomeOf(t, finished(t, options(1)...))
				if diff := cmp.Diff(want.Logits, outcomeOf(t, got).Logits); diff != "" {
					t.Errorf("answers (-in one go +resumed):\n%s", diff)
				}
				return
			}
			got.Model.Close()
		})
	}
}

// The accuracy of a run that ends before its next test is that of the last one, and the record says how often it was tested.
func TestTestEveryCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := fastresnet.Train(ctx, interrupted(t, fastresnet.WithTestEvery(2), fastresnet.WithArchitecture(tinyNetwork()), stopAfter(13, cancel))...)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	defer r.Model.Close()
	if len(r.Epochs) != 4 || !r.Epochs[3].Partial || r.TestAccuracy() != r.Epochs[1].TestAccuracy || r.TestEvery != 2 {
		t.Errorf("test accuracy %g, tested every %d epochs; want those of %+v", r.TestAccuracy(), r.TestEvery, r.Epochs)
	}
}

// A checkpoint's history has no tests that no run can have made, and lacks none that every run makes.
func TestTestEveryHostileCheckpoints(t *testing.T) {
	options := func(folder string) []fastresnet.Option {
		return interrupted(t, fastresnet.WithBestWeights(), fastresnet.WithTestEvery(2), fastresnet.WithArchitecture(tinyNetwork()),
			fastresnet.WithCheckpoint(folder, 1), fastresnet.WithResume())
	}
	folder := t.TempDir()
	finished(t, options(folder)...).Model.Close()
	const name = "checkpoint-00004-0000004.safetensors"
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ label, pattern, new, says string }{
		{"the best epoch was not tested", `"best_epoch":\d`, `"best_epoch":3`, "its best epoch is 3"},
		{"no epoch is the best", `,"best_epoch":\d`, ``, "its best epoch is 0"},
		{"the last epoch was not tested", `(.*)"tested":true`, `$1"tested":false`, "epoch 4 of its history: tested: false, in a run"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			file := opened(t, content)
			text := file.Metadata["progress"]
			file.Metadata["progress"] = regexp.MustCompile(tt.pattern).ReplaceAllString(text, tt.new)
			if file.Metadata["progress"] == text {
				t.Fatalf("no %s in the checkpoint", tt.pattern)
			}
			folder := t.TempDir()
			err := resumedFrom(t, options(folder), name, bytesOf(t, file))
			if !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want ErrCheckpoint that says %q", err, tt.says)
			}
		})
	}
}
