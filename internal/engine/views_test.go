package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/data"
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
			if diff := cmp.Diff(test.want, test.view.Of(pixels, shape)); diff != "" {
				t.Errorf("view (-want +got):\n%s", diff)
			}
		})
	}
}

// Nothing more is computed once the context has ended.
func TestOverViewsIsCancelled(t *testing.T) {
	cfg := Config{Views: []View{{Weight: 0.5}, {Weight: 0.25, Flip: true}, {Weight: 0.25, Down: 1}}}
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	_, err := cfg.OverViews(ctx, func(v View) ([]float32, error) {
		if seen++; v.Flip {
			cancel()
		}
		return []float32{1}, nil
	})
	if !errors.Is(err, context.Canceled) || seen != 2 {
		t.Errorf("error %v after %d views, want context.Canceled after 2", err, seen)
	}
}
