package data_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

// Every window of a small image, as it is read off the padded image written by hand.
func TestCropEveryWindow(t *testing.T) {
	tests := []struct {
		name   string
		pad    int
		image  data.Shape
		src    []float32
		padded []float32 // [height + 2*pad, width + 2*pad, channels]
	}{
		{"3x4 by 1", 1, data.Shape{Height: 3, Width: 4, Channels: 1},
			[]float32{
				1, 2, 3, 4,
				5, 6, 7, 8,
				9, 10, 11, 12,
			},
			[]float32{
				6, 5, 6, 7, 8, 7,
				2, 1, 2, 3, 4, 3,
				6, 5, 6, 7, 8, 7,
				10, 9, 10, 11, 12, 11,
				6, 5, 6, 7, 8, 7,
			}},
		{"3x3 by 2, the most there can be", 2, data.Shape{Height: 3, Width: 3, Channels: 1},
			[]float32{
				1, 2, 3,
				4, 5, 6,
				7, 8, 9,
			},
			[]float32{
				9, 8, 7, 8, 9, 8, 7,
				6, 5, 4, 5, 6, 5, 4,
				3, 2, 1, 2, 3, 2, 1,
				6, 5, 4, 5, 6, 5, 4,
				9, 8, 7, 8, 9, 8, 7,
				6, 5, 4, 5, 6, 5, 4,
				3, 2, 1, 2, 3, 2, 1,
			}},
		{"2x2 of 3 channels by 1", 1, data.Shape{Height: 2, Width: 2, Channels: 3},
			[]float32{
				1, 2, 3, 4, 5, 6,
				7, 8, 9, 10, 11, 12,
			},
			[]float32{
				10, 11, 12, 7, 8, 9, 10, 11, 12, 7, 8, 9,
				4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3,
				10, 11, 12, 7, 8, 9, 10, 11, 12, 7, 8, 9,
				4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3,
			}},
		{"by 0", 0, data.Shape{Height: 1, Width: 2, Channels: 1}, []float32{1, 2}, []float32{1, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			row := (test.image.Width + 2*test.pad) * test.image.Channels
			for y := range 2*test.pad + 1 {
				for x := range 2*test.pad + 1 {
					var want []float32
					for r := range test.image.Height {
						start := (y+r)*row + x*test.image.Channels
						want = append(want, test.padded[start:start+test.image.Width*test.image.Channels]...)
					}
					got := apply(t, data.Crop{Pad: test.pad}, test.src, test.image, []int32{int32(y), int32(x)})
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("window at (%d, %d) (-want +got):\n%s", y, x, diff)
					}
				}
			}
		})
	}
}

// The corners once more, written out, so that the test does not rest on its own indexing.
func TestCropCorners(t *testing.T) {
	image := data.Shape{Height: 3, Width: 3, Channels: 1}
	src := []float32{
		1, 2, 3,
		4, 5, 6,
		7, 8, 9,
	}
	tests := []struct {
		name   string
		choice []int32
		want   []float32
	}{
		{"upper left", []int32{0, 0}, []float32{5, 4, 5, 2, 1, 2, 5, 4, 5}},
		{"upper right", []int32{0, 2}, []float32{5, 6, 5, 2, 3, 2, 5, 6, 5}},
		{"middle", []int32{1, 1}, src},
		{"lower left", []int32{2, 0}, []float32{5, 4, 5, 8, 7, 8, 5, 4, 5}},
		{"lower right", []int32{2, 2}, []float32{5, 6, 5, 8, 9, 8, 5, 6, 5}},
		{"middle of the lower edge", []int32{2, 1}, []float32{4, 5, 6, 7, 8, 9, 4, 5, 6}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := apply(t, data.Crop{Pad: 1}, src, image, test.choice)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("window (-want +got):\n%s", diff)
			}
		})
	}
}
