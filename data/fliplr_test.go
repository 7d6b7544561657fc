package data_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestFlipLR(t *testing.T) {
	grey, colour := data.Shape{Height: 2, Width: 3, Channels: 1}, data.Shape{Height: 2, Width: 2, Channels: 3}
	one := data.Shape{Height: 2, Width: 1, Channels: 2}
	tests := []struct {
		name      string
		image     data.Shape
		choice    int32
		src, want []float32
	}{
		{"grey as it is", grey, 0, []float32{1, 2, 3, 4, 5, 6}, []float32{1, 2, 3, 4, 5, 6}},
		{"grey mirrored", grey, 1, []float32{1, 2, 3, 4, 5, 6}, []float32{3, 2, 1, 6, 5, 4}},
		{"colour mirrored", colour, 1,
			[]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []float32{4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9}},
		{"one column mirrored", one, 1, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := apply(t, data.FlipLR{}, test.src, test.image, []int32{test.choice})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("flipped (-want +got):\n%s", diff)
			}
		})
	}
}
