package data_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The images of these tests have one channel and the value 10·y + x at each pixel, unless they say otherwise.
func slope(height, width int) []float32 {
	var image []float32
	for y := range height {
		for x := range width {
			image = append(image, float32(10*y+x))
		}
	}
	return image
}

func TestApplyResampling(t *testing.T) {
	const centre = 50 // of a choice from 0 to 100
	for _, tt := range []struct {
		name         string
		augmentation data.Augmentation
		choice       []int32
		want         []float32 // of 4x4
	}{
		{"resized crop of all", data.ResizedCrop{Least: 0.25, Aspect: 1}, []int32{100, centre, 0, 0}, slope(4, 4)},
		// A quarter of the area: two of four pixels each way, of which the values between the centres are interpolated; what
		// is past the centres at the edge is their reflection.
		{"resized crop of a corner", data.ResizedCrop{Least: 0.25, Aspect: 1}, []int32{0, centre, 100, 100},
			[]float32{19.25, 19.75, 20.25, 20.25, 24.25, 24.75, 25.25, 25.25, 29.25, 29.75, 30.25, 30.25, 29.25, 29.75, 30.25, 30.25}},
		{"rotation by nothing", data.Rotation{Degrees: 90}, []int32{centre}, slope(4, 4)},
		{"rotation by a quarter to the right", data.Rotation{Degrees: 90}, []int32{100},
			[]float32{30, 20, 10, 0, 31, 21, 11, 1, 32, 22, 12, 2, 33, 23, 13, 3}},
		{"rotation by a half", data.Rotation{Degrees: 180}, []int32{0},
			[]float32{33, 32, 31, 30, 23, 22, 21, 20, 13, 12, 11, 10, 3, 2, 1, 0}},
		{"erasing a quarter", data.Erasing{Percent: 50, Least: 0.25, Most: 0.25, Aspect: 1}, []int32{49, 0, centre, 0, 100},
			[]float32{0, 1, 0, 0, 10, 11, 0, 0, 20, 21, 22, 23, 30, 31, 32, 33}},
		{"erasing not this one", data.Erasing{Percent: 50, Least: 0.25, Most: 0.25, Aspect: 1}, []int32{50, 0, centre, 0, 100}, slope(4, 4)},
		{"erasing all", data.Erasing{Percent: 100, Least: 1, Most: 1, Aspect: 1}, []int32{0, 0, 0, 0, 0}, make([]float32, 16)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := apply(t, tt.augmentation, slope(4, 4), data.Shape{Height: 4, Width: 4, Channels: 1}, tt.choice)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyColours(t *testing.T) {
	shape := data.Shape{Height: 1, Width: 2, Channels: 3}
	image := []float32{1, 2, 3, 4, 6, 8} // the mean is 4
	for _, tt := range []struct {
		name         string
		augmentation data.Augmentation
		choice       []int32
		want         []float32
	}{
		{"brighter", data.ColourJitter{Brightness: 2}, []int32{100, 0, 0}, []float32{3, 4, 5, 6, 8, 10}},
		{"darker", data.ColourJitter{Brightness: 2}, []int32{25, 0, 0}, []float32{0, 1, 2, 3, 5, 7}},
		{"more contrast", data.ColourJitter{Contrast: 0.5}, []int32{0, 100, 0}, []float32{-0.5, 1, 2.5, 4, 7, 10}},
		{"no contrast", data.ColourJitter{Contrast: 1}, []int32{0, 0, 0}, []float32{4, 4, 4, 4, 4, 4}},
		{"more contrast about 0", data.ColourJitter{Contrast: 0.5, AboutZero: true}, []int32{0, 100, 0}, []float32{1.5, 3, 4.5, 6, 9, 12}},
		{"brighter, and then more contrast about 0", data.ColourJitter{Brightness: 2, Contrast: 0.5, AboutZero: true}, []int32{100, 100, 50}, []float32{4.5, 6, 7.5, 9, 12, 15}},
		{"no colour", data.ColourJitter{Saturation: 1}, []int32{0, 0, 0}, []float32{2, 2, 2, 6, 6, 6}},
		{"twice the colour", data.ColourJitter{Saturation: 1}, []int32{0, 0, 100}, []float32{0, 2, 4, 2, 6, 10}},
		{"all at once", data.ColourJitter{Brightness: 1, Contrast: 0.5, Saturation: 0.5}, []int32{50, 50, 50}, image},
		{"grey", data.Greyscale{Percent: 30}, []int32{29}, []float32{2, 2, 2, 6, 6, 6}},
		{"not grey", data.Greyscale{Percent: 30}, []int32{30}, image},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := apply(t, tt.augmentation, image, shape, tt.choice)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every choice of every augmentation, on images of many shapes, stays within the image's values and writes all of it.
func TestApplyEveryChoice(t *testing.T) {
	for _, a := range []data.Augmentation{
		data.ResizedCrop{Least: 0.01, Aspect: 10}, data.Rotation{Degrees: 180}, data.Erasing{Percent: 90, Least: 0.001, Most: 1, Aspect: 10},
		data.Greyscale{Percent: 50},
	} {
		for _, shape := range []data.Shape{{Height: 1, Width: 1, Channels: 1}, {Height: 1, Width: 9, Channels: 3}, {Height: 7, Width: 2, Channels: 1}, {Height: 12, Width: 17, Channels: 3}} {
			t.Run(fmt.Sprint(a, " ", shape), func(t *testing.T) {
				image := slope(shape.Height, shape.Width*shape.Channels)
				choices := a.Draw(newRand(1), 200, shape)
				k := len(choices) / 200
				for i := range 200 {
					for _, v := range apply(t, a, image, shape, choices[i*k:(i+1)*k]) {
						if !(v >= -1e-3 && v <= slices.Max(image)+1e-3) {
							t.Fatalf("choice %v: value %g", choices[i*k:(i+1)*k], v)
						}
					}
				}
			})
		}
	}
}
