package plot_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// evaluated is a small model of such classes, which has hardly learnt them, the set that it was trained on, and what it
// makes of that. Names that are repeated are numbered.
func evaluated(t *testing.T, perClass int, classes ...string) (*fastresnet.Model, *data.Dataset, fastresnet.Evaluation) {
	t.Helper()
	shape := data.Shape{Height: 8, Width: 8, Channels: 3}
	rng := rand.New(rand.NewPCG(1, 2))
	var pixels []uint8
	var labels []int
	for i := range perClass * len(classes) {
		class := i % len(classes)
		for p := range shape.Size() {
			pixels = append(pixels, uint8(min(255, rng.IntN(200)+class*(p%7)*8%56)))
		}
		labels = append(labels, class)
	}
	set, err := data.New(pixels, shape, labels, classes)
	if err != nil {
		t.Fatal(err)
	}
	result, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(4), fastresnet.WithBatchSize(min(16, len(labels))), fastresnet.WithEpochs(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { result.Model.Close() })
	e, err := result.Model.Evaluate(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	return result.Model, set, e
}

// numbered are n names.
func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("class %d of a kind", i))
	}
	return names
}
