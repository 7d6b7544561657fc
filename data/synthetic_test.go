package data_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fastresnet/fastresnet/data"
)

func synthetic(t *testing.T, n int, seed uint64) *data.Dataset {
	t.Helper()
	set, err := data.Synthetic(n, seed)
	if err != nil {
		t.Fatalf("Synthetic(%d, %d): %v", n, seed, err)
	}
	return set
}

// The sum was taken on linux/amd64 and must hold everywhere: published accuracies rest on these
// bytes. A change to it is a change of the data set.
func TestSyntheticBytes(t *testing.T) {
	const want = "267ede01f84d8cdecad4811585b99b5ba67668270a4b3f47afc232784b42c144"
	set := synthetic(t, 100, 1)
	bytes := slices.Clone(set.Pixels())
	for _, label := range set.Labels() {
		bytes = append(bytes, byte(label))
	}
	if diff := cmp.Diff(want, fmt.Sprintf("%x", sha256.Sum256(bytes))); diff != "" {
		t.Errorf("SHA-256 of pixels and labels (-want +got):\n%s", diff)
	}
}

func TestSyntheticPrefix(t *testing.T) {
	large := synthetic(t, 137, 9)
	for _, tt := range []struct {
		name string
		n    int
	}{
		{"one image", 1},
		{"part of a run of classes", 7},
		{"whole runs of classes", 100},
		{"all", 137},
	} {
		t.Run(tt.name, func(t *testing.T) {
			small := synthetic(t, tt.n, 9)
			if diff := cmp.Diff(large.Labels()[:tt.n], small.Labels()); diff != "" {
				t.Errorf("labels (-large +small):\n%s", diff)
			}
			if !slices.Equal(large.Pixels()[:len(small.Pixels())], small.Pixels()) {
				t.Error("the pixels are not those that the larger set begins with")
			}
		})
	}
}

func TestSyntheticImagesDiffer(t *testing.T) {
	seen := make(map[[32 * 32 * 3]uint8]string)
	for seed := range uint64(4) {
		set := synthetic(t, 50, seed)
		for i := range set.Len() {
			image := [32 * 32 * 3]uint8(set.Pixels()[i*32*32*3:])
			at := fmt.Sprintf("image %d of seed %d", i, seed)
			if other, ok := seen[image]; ok {
				t.Errorf("%s is %s again", at, other)
			}
			seen[image] = at
		}
	}
}

func TestSyntheticShape(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
	}{
		{"fewer images than classes", 3},
		{"one a class", 10},
		{"not a multiple of the classes", 1234},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := synthetic(t, tt.n, 5)
			if diff := cmp.Diff(tt.n, set.Len()); diff != "" {
				t.Errorf("Len (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(data.Shape{Height: 32, Width: 32, Channels: 3}, set.Shape()); diff != "" {
				t.Errorf("Shape (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.n*32*32*3, len(set.Pixels())); diff != "" {
				t.Errorf("number of pixel values (-want +got):\n%s", diff)
			}
			counts := set.ClassCounts()
			if len(counts) != 10 || slices.Max(counts)-slices.Min(counts) > 1 {
				t.Errorf("ClassCounts = %v, want ten that differ by at most one", counts)
			}
		})
	}
}

func TestSyntheticBounds(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
	}{
		{"negative", -1},
		{"zero", 0},
		{"more than the limit", 500_001},
		{"so many that a product would overflow", math.MaxInt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := data.Synthetic(tt.n, 1)
			if !errors.Is(err, data.ErrFormat) || set != nil {
				t.Errorf("Synthetic(%d) = %v, %v, want nil and ErrFormat", tt.n, set, err)
			}
		})
	}
}

// A linear model on the pixels must not solve the set, or it would say nothing about a network; it
// must also do better than chance, or the test itself may be broken. Held-out accuracy is about
// 0.3; chance is 0.1.
func TestSyntheticNotLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a softmax regression for several seconds")
	}
	train, test := synthetic(t, 5000, 1), synthetic(t, 2000, 2)
	model := fitSoftmax(train, 15)
	fitted, heldOut := model.accuracy(train), model.accuracy(test)
	t.Logf("softmax regression: %.3f on its training images, %.3f on held-out ones", fitted, heldOut)
	if heldOut >= 0.6 {
		t.Errorf("held-out accuracy %.3f, want below 0.6", heldOut)
	}
	if heldOut <= 0.15 || fitted <= 0.35 {
		t.Errorf("accuracy %.3f held out, %.3f in training: the regression has not learned", heldOut, fitted)
	}
}

// softmax is a softmax regression on standardised pixels; the last row holds the biases.
type softmax [32*32*3 + 1][10]float32

func (m *softmax) logits(pixels []uint8) [10]float32 {
	out := m[len(m)-1]
	for j, p := range pixels {
		x, row := standard(p), &m[j]
		for k := range out {
			out[k] += x * row[k]
		}
	}
	return out
}

// standard brings a byte to about zero mean and unit deviation.
func standard(p uint8) float32 { return (float32(p) - 128) / 64 }

// fitSoftmax runs stochastic gradient descent, one image a step, at a rate that falls to zero.
func fitSoftmax(set *data.Dataset, epochs int) *softmax {
	const peak = 2e-4
	model := new(softmax)
	random := rand.New(rand.NewPCG(1, 1))
	size, steps, step := set.Shape().Size(), epochs*set.Len(), 0
	for range epochs {
		for _, i := range random.Perm(set.Len()) {
			pixels := set.Pixels()[i*size:][:size]
			gradient := model.logits(pixels)
			top, sum := slices.Max(gradient[:]), 0.0
			for k, v := range gradient {
				e := math.Exp(float64(v - top))
				gradient[k], sum = float32(e), sum+e
			}
			rate := float32(peak * float64(steps-step) / float64(steps))
			for k := range gradient {
				gradient[k] *= rate / float32(sum)
			}
			gradient[set.Label(i)] -= rate
			for j, p := range pixels {
				x, row := standard(p), &model[j]
				for k, g := range gradient {
					row[k] -= x * g
				}
			}
			for k, g := range gradient {
				model[size][k] -= g
			}
			step++
		}
	}
	return model
}

func (m *softmax) accuracy(set *data.Dataset) float64 {
	size, right := set.Shape().Size(), 0
	for i := range set.Len() {
		logits := m.logits(set.Pixels()[i*size:][:size])
		if logits[set.Label(i)] == slices.Max(logits[:]) {
			right++
		}
	}
	return float64(right) / float64(set.Len())
}

func BenchmarkSynthetic(b *testing.B) {
	const n = 1000
	for b.Loop() {
		if _, err := data.Synthetic(n, 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
}

func ExampleSynthetic() {
	train, err := data.Synthetic(1000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), "images of", train.Shape())
	for label, name := range train.Classes() {
		fmt.Println(label, name)
	}
	// Output:
	// 1000 images of 32x32x3
	// 0 disc
	// 1 ring
	// 2 square
	// 3 triangle
	// 4 cross
	// 5 star
	// 6 horizontal stripes
	// 7 vertical stripes
	// 8 checkerboard
	// 9 dots
}
