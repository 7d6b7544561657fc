package data_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestCutout(t *testing.T) {
	grey := data.Shape{Height: 3, Width: 4, Channels: 1}
	src := []float32{
		1, 2, 3, 4,
		5, 6, 7, 8,
		9, 10, 11, 12,
	}
	colour := data.Shape{Height: 2, Width: 2, Channels: 3}
	tests := []struct {
		name      string
		cutout    data.Cutout
		image     data.Shape
		choice    []int32
		src, want []float32
	}{
		{"upper left", data.Cutout{Height: 2, Width: 3}, grey, []int32{0, 0}, src, []float32{
			0, 0, 0, 4,
			0, 0, 0, 8,
			9, 10, 11, 12,
		}},
		{"upper right", data.Cutout{Height: 2, Width: 3}, grey, []int32{0, 1}, src, []float32{
			1, 0, 0, 0,
			5, 0, 0, 0,
			9, 10, 11, 12,
		}},
		{"lower left", data.Cutout{Height: 2, Width: 3}, grey, []int32{1, 0}, src, []float32{
			1, 2, 3, 4,
			0, 0, 0, 8,
			0, 0, 0, 12,
		}},
		{"lower right", data.Cutout{Height: 2, Width: 3}, grey, []int32{1, 1}, src, []float32{
			1, 2, 3, 4,
			5, 0, 0, 0,
			9, 0, 0, 0,
		}},
		{"one pixel inside", data.Cutout{Height: 1, Width: 1}, grey, []int32{1, 2}, src, []float32{
			1, 2, 3, 4,
			5, 6, 0, 8,
			9, 10, 11, 12,
		}},
		{"all rows", data.Cutout{Height: 3, Width: 3}, grey, []int32{0, 0}, src, []float32{
			0, 0, 0, 4,
			0, 0, 0, 8,
			0, 0, 0, 12,
		}},
		{"colour", data.Cutout{Height: 1, Width: 1}, colour, []int32{1, 0},
			[]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []float32{1, 2, 3, 4, 5, 6, 0, 0, 0, 10, 11, 12}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := apply(t, test.cutout, test.src, test.image, test.choice)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("cut out (-want +got):\n%s", diff)
			}
		})
	}
}
