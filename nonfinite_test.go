package fastresnet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/schedule"
)

// mostlyFirst is a set of which 90 % of the labels are class 0: one that calls everything 0 is right mostly.
func mostlyFirst(t *testing.T, n int) *data.Dataset {
	t.Helper()
	set := synthetic(t, n, 1)
	labels := make([]int, n)
	for i := range n / 10 {
		labels[i*10] = 1 + i%9
	}
	set, err := data.New(set.Pixels(), set.Shape(), labels, set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Training keeps its loss finite at any rate where the batch's own statistics are at hand; the test shows what came of
// it. It is no success, whatever the share of the first class is.
func TestRunThatAnswersNaNHasDiverged(t *testing.T) {
	set := mostlyFirst(t, 200)
	testbackend.Each(t, func(t *testing.T, backend string) {
		result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, set), fastresnet.WithBackend(backend),
			fastresnet.WithWidth(4), fastresnet.WithBatchSize(100), fastresnet.WithEpochs(2), fastresnet.WithTargetAccuracy(0.9),
			fastresnet.WithSchedule(schedule.Constant(2000)))
		var diverged *fastresnet.DivergedError
		if !errors.As(err, &diverged) || diverged.Rate != 2000 {
			t.Fatalf("error %v, want a DivergedError at rate 2000", err)
		}
		defer result.Model.Close()
		if result.Stopped != fastresnet.NotStopped || result.TestAccuracy() != 0 {
			t.Errorf("stopped %q with test accuracy %g, want neither", result.Stopped, result.TestAccuracy())
		}
		if text, err := json.Marshal(result); err != nil || bytes.Contains(text, []byte("NaN")) {
			t.Errorf("JSON %s, error %v", text, err)
		}
	})
}

// What diverged in a last epoch that is cut short did so in a step that it has, even if only the test shows it.
func TestDivergenceInShareOfEpoch(t *testing.T) {
	set := mostlyFirst(t, 200)
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, set), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(4), fastresnet.WithBatchSize(20),
		recipe(func(r *fastresnet.Recipe) { r.Epochs, r.LastEpochShare, r.Schedule = 1, 0.3, schedule.Constant(2e5) })) // 3 of 10 steps
	var diverged *fastresnet.DivergedError
	if !errors.As(err, &diverged) || diverged.Epoch != 1 || diverged.Step != 3 {
		t.Fatalf("error %v, want a DivergedError of step 3", err)
	}
	defer result.Model.Close()
	if e := result.Epochs[0]; e.Tested || math.IsNaN(e.TrainLoss) {
		t.Errorf("epoch %+v, want one whose losses are finite", e)
	}
}

// The rate that ruins a run is not that of its end, where the weights are looked at.
func TestDivergenceNamesTheHighestRate(t *testing.T) {
	set := synthetic(t, 40, 1)
	_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithWidth(2),
		fastresnet.WithBatchSize(20), fastresnet.WithEpochs(1), fastresnet.WithOptimizer(fastresnet.Nesterov{Momentum: 0.9, WeightDecay: 1}), fastresnet.WithAugmentations(),
		fastresnet.WithSchedule(schedule.Schedule{{Epoch: 0, Rate: math.MaxFloat32}, {Epoch: 0.5, Rate: math.MaxFloat32}, {Epoch: 1, Rate: 0}}))
	var diverged *fastresnet.DivergedError
	if !errors.As(err, &diverged) || diverged.Rate != math.MaxFloat32 || !strings.Contains(err.Error(), "3.403e+38") {
		t.Errorf("error %v, want a DivergedError at rate %g", err, math.MaxFloat32)
	}
}

// withWeights is the tiny model's file with all values of a tensor replaced.
func withWeights(t *testing.T, values map[string]float32) []byte {
	t.Helper()
	f := opened(t, tinyFile(t))
	for _, tensor := range f.Tensors {
		if v, ok := values[tensor.Name]; ok {
			for i := range tensor.Data {
				tensor.Data[i] = v
			}
		}
	}
	var file bytes.Buffer
	if err := safetensors.Write(&file, f); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// Finite weights whose answers are not: no caller gets a class.
func TestModelThatAnswersNaN(t *testing.T) {
	file := withWeights(t, map[string]float32{"norm/bias": 1e38, "classifier/weight": 1e38})
	set := synthetic(t, 10, 1)
	testbackend.Each(t, func(t *testing.T, backend string) {
		model, err := fastresnet.ReadModel(bytes.NewReader(file), fastresnet.WithBackend(backend))
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		ctx := context.Background()
		if p, err := model.Predict(ctx, set.Image(0)); p != nil || !errors.Is(err, fastresnet.ErrDiverged) {
			t.Errorf("Predict = %v, %v; want ErrDiverged", p, err)
		}
		if p, err := model.PredictDataset(ctx, set); p != nil || !errors.Is(err, fastresnet.ErrDiverged) {
			t.Errorf("PredictDataset = %v, %v; want ErrDiverged", p, err)
		}
		if e, err := model.Evaluate(ctx, set); e.Loss != 0 || len(e.PerClass()) > 0 || !errors.Is(err, fastresnet.ErrDiverged) {
			t.Errorf("Evaluate = %v, %v; want ErrDiverged", e, err)
		}
	})
}

// Logits so large that the logarithm of a sum is lost in them are as probable as they are equal.
func TestProbabilitiesOfHugeLogitsAddUp(t *testing.T) {
	model, err := fastresnet.ReadModel(bytes.NewReader(withWeights(t, map[string]float32{"classifier/weight": 0, "classifier/bias": 1e37})),
		fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	set := synthetic(t, 10, 1)
	predictions, err := model.Predict(context.Background(), set.Image(0))
	if err != nil {
		t.Fatal(err)
	}
	for class, p := range predictions[0].Probabilities {
		if math.Abs(p-0.1) > 1e-12 {
			t.Errorf("class %d has probability %g, want 0.1 like all ten", class, p)
		}
	}
	if e, err := model.Evaluate(context.Background(), set); err != nil || math.Abs(e.Loss-math.Log(10)) > 1e-12 {
		t.Errorf("loss %g, error %v; want log 10", e.Loss, err)
	}
}
