package fastresnet_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Whoever else asks at the same time does not change an answer; in pure Go not by a bit.
func TestConcurrentPredictionsAreThoseMadeAlone(t *testing.T) {
	const callers, questions = 100, 10
	set := synthetic(t, 50, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		model := train(t, set, fastresnet.WithBackend(backend), fastresnet.WithEpochs(1), fastresnet.WithBatchSize(50)).Model
		ask := func(i int) ([]fastresnet.Prediction, error) {
			if i == 0 { // which is about more than one image
				return model.Predict(context.Background(), set.Image(i), set.Image(i+1), set.Image(i+2))
			}
			return model.Predict(context.Background(), set.Image(i))
		}
		alone := make([][]fastresnet.Prediction, questions)
		for i := range alone {
			var err error
			if alone[i], err = ask(i); err != nil {
				t.Fatal(err)
			}
		}
		got := make([][]fastresnet.Prediction, callers)
		release := model.Hold() // so that they all wait at the same time
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = ask(i % questions); err != nil {
					t.Errorf("caller %d: %v", i, err)
				}
			})
		}
		await(t, model, callers)
		release()
		wg.Wait()
		// A convolution of few images is computed in another way than one of many.
		near := cmpopts.EquateApprox(1e-4, 1e-6)
		if diff := cmp.Diff(slices.Repeat(alone, callers/questions), got, near); diff != "" {
			t.Errorf("predictions (-alone +together):\n%s", diff)
		}
	})
}

// A caller whose context ends leaves while the model is busy, and those who wait beside it get their answers.
func TestConcurrentCallerLeaves(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	want, err := model.Predict(context.Background(), set.Image(1))
	if err != nil {
		t.Fatal(err)
	}
	release := model.Hold()
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := model.Predict(ctx, set.Image(0))
		left <- err
	}()
	await(t, model, 1)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			got, err := model.Predict(context.Background(), set.Image(1))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("a caller that stayed: %v, predictions (-want +got):\n%s", err, diff)
			}
		})
	}
	await(t, model, 4)
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	release()
	wg.Wait()
}

// Callers that wait when the model is closed get an answer or ErrClosed, those who come later ErrClosed.
func TestConcurrentClose(t *testing.T) {
	set := synthetic(t, 20, 1)
	model := train(t, set, fastresnet.WithEpochs(1)).Model
	release := model.Hold()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := model.Predict(context.Background(), set.Image(i)); err != nil && !errors.Is(err, fastresnet.ErrClosed) {
				t.Errorf("image %d: error %v, want none or ErrClosed", i, err)
			}
		})
	}
	await(t, model, 20)
	wg.Go(func() {
		if err := model.Close(); err != nil {
			t.Error(err)
		}
	})
	release()
	wg.Wait()
	if _, err := model.Predict(context.Background(), set.Image(0)); !errors.Is(err, fastresnet.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

// A question about one image is answered between the batches of one about many.
func TestConcurrentEvaluationLetsOthersIn(t *testing.T) {
	set, one := synthetic(t, 4000, 1), synthetic(t, 1, 2)
	model := train(t, first(t, set, 16), fastresnet.WithEpochs(1)).Model
	start := time.Now()
	evaluated := make(chan time.Duration)
	go func() {
		if _, err := model.Evaluate(context.Background(), set); err != nil {
			t.Error(err)
		}
		evaluated <- time.Since(start)
	}()
	time.Sleep(20 * time.Millisecond) // the evaluation takes many times that
	asked := time.Now()
	if _, err := model.Predict(context.Background(), one.Image(0)); err != nil {
		t.Error(err)
	}
	if waited, all := time.Since(asked), <-evaluated; waited > all/4 {
		t.Errorf("one image waited %v beside an evaluation of %v", waited, all)
	}
}

// An evaluation while the model is trained on is of one epoch's weights, however many batches it has.
func TestConcurrentEvaluationIsOfOneEpoch(t *testing.T) {
	set := synthetic(t, 640, 1)
	var model *fastresnet.Model
	var wg sync.WaitGroup
	var seen []fastresnet.Evaluation
	ended := make(chan struct{})
	var untrained fastresnet.Evaluation
	result := train(t, set, fastresnet.WithEpochs(6), fastresnet.WithDataset(first(t, set, 64), set), fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
		model = r.Model
		var err error
		if untrained, err = model.Evaluate(context.Background(), set); err != nil {
			t.Error(err)
		}
		wg.Go(func() {
			for {
				e, err := model.Evaluate(context.Background(), set)
				if err != nil {
					t.Error(err)
				}
				seen = append(seen, e)
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}}))
	close(ended)
	wg.Wait()
	type figures struct{ loss, accuracy float64 }
	known := map[figures]bool{{untrained.Loss, untrained.Accuracy}: true}
	for _, e := range result.Epochs {
		known[figures{e.TestLoss, e.TestAccuracy}] = true
	}
	for _, e := range seen {
		if !known[figures{e.Loss, e.Accuracy}] {
			t.Errorf("an evaluation is %v, which is that of no epoch: %v", e, known)
		}
	}
}

func TestBatchesOfRequests(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sizes []int
		want  [][]int
	}{
		{"nobody", nil, nil},
		{"one", []int{3}, [][]int{{3}}},
		{"a small batch", []int{1, 3}, [][]int{{1, 3}}},
		{"small batches", []int{2, 2, 2, 1}, [][]int{{2, 2}, {2, 1}}},
		{"a full batch", []int{1, 3, 4}, [][]int{{1, 3, 4}}},
		{"full batches, and what is left", []int{4, 4, 4, 4, 3, 3}, [][]int{{4, 4}, {4, 4}, {3}, {3}}},
		{"the next would not fit", []int{5, 4, 3}, [][]int{{5}, {4}, {3}}},
		{"a large one is alone", []int{2, 100, 2, 2}, [][]int{{2}, {100}, {2, 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fastresnet.Batches(4, 8, tt.sizes...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Logits and features are not computed together, and neither waits for all of the other.
func TestBatchesOfTwoOutputs(t *testing.T) {
	for _, tt := range []struct {
		name     string
		features []bool
		want     [][]int
	}{
		{"one kind", []bool{true, true}, [][]int{{0, 1}}},
		{"in turn", []bool{false, true, false, true, true}, [][]int{{0, 2}, {1, 3, 4}}},
		{"full ones", []bool{true, false, true, true, true, true}, [][]int{{0, 2, 3}, {1}, {4, 5}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fastresnet.BatchesOf(3, tt.features...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// await returns once so many callers wait for the model.
func await(t *testing.T, model *fastresnet.Model, callers int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); model.Waiting() < callers; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d callers wait, want %d", model.Waiting(), callers)
		}
	}
}
