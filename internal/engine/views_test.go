package engine

import (
	"context"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/google/go-cmp/cmp"
)

// TestView looks at two images of 2x3 pixels and one channel.
func TestView(t *testing.T) {
	shape := data.Shape{Height: 2, Width: 3, Channels: 1}
	pixels := []uint8{
		1, 2, 3,
		4, 5, 6,

		11, 12, 13,
		14, 15, 16,
	}
	tests := []struct {
		name string
		view View
		want []uint8
	}{
		{"as it is", View{}, pixels},
		{"mirrored", View{Flip: true}, []uint8{3, 2, 1, 6, 5, 4, 13, 12, 11, 16, 15, 14}},
		{"down and right", View{Down: 1, Right: 1}, []uint8{5, 4, 5, 2, 1, 2, 15, 14, 15, 12, 11, 12}},
		{"up and left", View{Down: -1, Right: -1}, []uint8{5, 6, 5, 2, 3, 2, 15, 16, 15, 12, 13, 12}},
		{"mirrored, then right", View{Flip: true, Right: 1}, []uint8{2, 3, 2, 5, 6, 5, 12, 13, 12, 15, 16, 15}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.view.of(pixels, shape)); diff != "" {
				t.Errorf("view (-want +got):\n%s", diff)
			}
		})
	}
}

// TestViewsAreAveraged adds up the logits of views by hand, and mirrors symmetric images, whose views are all
// the same.
func TestViewsAreAveraged(t *testing.T) {
	set := synthetic(t, 20)
	shape := set.Shape()
	testbackend.Each(t, func(t *testing.T, backend string) {
		d := openFor(t, backend)
		cfg := smallConfig(t, set, 16)
		_, variables := train(t, newTrainer(t, d, cfg, set), 1)
		logits := func(pixels []uint8, views ...View) []float32 {
			cfg.Views = views
			e, err := NewEvaluator(d, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if err := e.Use(variables); err != nil {
				t.Fatal(err)
			}
			l, err := e.Logits(context.Background(), pixels)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		plain, flipped := View{Weight: 0.25}, View{Weight: 0.75, Flip: true}
		want := logits(set.Pixels())
		for i, l := range logits(flipped.of(set.Pixels(), shape)) {
			want[i] = 0.25*want[i] + 0.75*l
		}
		if e := golden.MaxRelativeError(logits(set.Pixels(), plain, flipped), want); e > 1e-6 {
			t.Errorf("the sum of two views differs by %.2g", e)
		}

		symmetric := make([]uint8, len(set.Pixels()))
		mirrored := flipped.of(set.Pixels(), shape)
		for i := range symmetric {
			symmetric[i] = set.Pixels()[i]/2 + mirrored[i]/2
		}
		one := logits(symmetric)
		if e := golden.MaxRelativeError(logits(symmetric, View{Weight: 0.5}, View{Weight: 0.5, Flip: true}), one); e > 1e-6 {
			t.Errorf("symmetric images: two views differ from one by %.2g", e)
		}
	})
}
