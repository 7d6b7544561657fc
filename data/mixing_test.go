package data_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Images that are mixed, and how much their own labels count, are what PyTorch makes of the same choices.
func TestMixingIsThatOfPyTorch(t *testing.T) {
	m, err := golden.LoadMetrics()
	if err != nil {
		t.Fatal(err)
	}
	shape := data.Shape{Height: 4, Width: 6, Channels: 2}
	image := func(i int) []float32 { return slices.Clone(m.Images[i%4*shape.Size():][:shape.Size()]) }
	for kind, want := range m.Mixed {
		t.Run(kind, func(t *testing.T) {
			mixing := data.Mixing{Kind: data.MixingKind(kind), Alpha: 1}
			var images, shares []float32
			for i, choice := range m.Choices {
				mixed := image(i)
				shares = append(shares, mixing.Apply(mixed, image(i+1), shape, choice))
				images = append(images, mixed...)
			}
			rounded := cmpopts.EquateApprox(0, 1e-5)
			if diff := cmp.Diff(want.Images, images, rounded); diff != "" {
				t.Errorf("images (-PyTorch +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.Shares, shares, rounded); diff != "" {
				t.Errorf("shares (-PyTorch +got):\n%s", diff)
			}
		})
	}
}

// Shares have the mean and the variance of their distribution, 1/2 and 1/(4·(2·alpha+1)), and centres are anywhere.
func TestMixingDraw(t *testing.T) {
	const n = 20_000
	shape := data.Shape{Height: 5, Width: 3, Channels: 1}
	for _, alpha := range []float64{0.1, 0.4, 1} {
		choices := data.Mixing{Kind: data.CutMix, Alpha: alpha}.Draw(newRand(1), n, shape)
		if diff := cmp.Diff(choices, data.Mixing{Kind: data.Mixup, Alpha: alpha}.Draw(newRand(1), n, shape)); diff != "" || len(choices) != 3*n {
			t.Fatalf("%d choices; those of the same seed differ:\n%s", len(choices), diff)
		}
		var mean, square float64
		seen := map[[2]int32]int{}
		for i := 0; i < len(choices); i += 3 {
			share := float64(choices[i]) / 1000
			mean += share / n
			square += share * share / n
			seen[[2]int32{choices[i+1], choices[i+2]}]++
		}
		variance := 1 / (4 * (2*alpha + 1))
		if math.Abs(mean-0.5) > 0.015 || math.Abs(square-mean*mean-variance) > 0.01 {
			t.Errorf("alpha %g: mean %g, variance %g; want 0.5 and %g", alpha, mean, square-mean*mean, variance)
		}
		if len(seen) != 15 {
			t.Errorf("alpha %g: %d centres, want 15", alpha, len(seen))
		}
	}
}

// With an alpha near 0 one of the two images stays, each as often; without a kind the image's own always does.
func TestMixingDrawOfExtremes(t *testing.T) {
	shape := data.Shape{Height: 5, Width: 3, Channels: 1}
	for _, alpha := range []float64{1e-5, 1e-9, 1e-300} {
		own := 0
		for choice := range slices.Chunk(data.Mixing{Kind: data.Mixup, Alpha: alpha}.Draw(newRand(1), 1000, shape), 3) {
			if choice[0] == 1000 {
				own++
			} else if choice[0] != 0 {
				t.Fatalf("alpha %g: a share of %d, want 0 or 1000", alpha, choice[0])
			}
		}
		if own < 450 || own > 550 {
			t.Errorf("alpha %g: the own image stays in %d of 1000, want about half", alpha, own)
		}
	}
	none := data.Mixing{}
	choice := none.Draw(newRand(1), 1, shape)
	image := make([]float32, shape.Size())
	if own := none.Apply(image, slices.Repeat([]float32{1}, shape.Size()), shape, choice); choice[0] != 1000 || own != 1 || slices.Max(image) != 0 {
		t.Errorf("no mixing: the choice %v, the share %g, the image %v", choice, own, image)
	}
}

// A rectangle of CutMix has an even number of rows and columns, so that images of three are the smallest that it changes.
func TestCutMixOfSmallImages(t *testing.T) {
	const n = 1000
	for _, tt := range []struct {
		shape data.Shape
		mixed bool
	}{
		{data.Shape{Height: 3, Width: 3, Channels: 1}, true},
		{data.Shape{Height: 2, Width: 8, Channels: 1}, false},
		{data.Shape{Height: 8, Width: 1, Channels: 1}, false},
	} {
		mixing, mixed := data.Mixing{Kind: data.CutMix, Alpha: 1}, 0
		for choice := range slices.Chunk(mixing.Draw(newRand(1), n, tt.shape), 3) {
			size := tt.shape.Size()
			if mixing.Apply(make([]float32, size), make([]float32, size), tt.shape, choice) < 1 {
				mixed++
			}
		}
		if many := mixed > n/4; many != tt.mixed || !many && mixed > n/100 {
			t.Errorf("%v: %d of %d images are mixed", tt.shape, mixed, n)
		}
	}
}

func TestMixingValidate(t *testing.T) {
	for _, tt := range []struct {
		mixing data.Mixing
		says   string // "" for a good one
	}{
		{data.Mixing{}, ""}, {data.Mixing{Kind: data.Mixup, Alpha: 0.2}, ""}, {data.Mixing{Kind: data.CutMix, Alpha: 1}, ""},
		{data.Mixing{Kind: data.Mixup}, "mixup 0: need an alpha"}, {data.Mixing{Kind: data.CutMix, Alpha: 1.5}, "cutmix 1.5"},
		{data.Mixing{Kind: data.Mixup, Alpha: math.NaN()}, "mixup NaN"}, {data.Mixing{Alpha: 1}, `mixing ""`}, {data.Mixing{Kind: "blend", Alpha: 1}, `"blend"`},
	} {
		t.Run(tt.mixing.String(), func(t *testing.T) {
			if err := tt.mixing.Validate(); tt.says != "" {
				checkError(t, err, data.ErrAugmentation, tt.says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
