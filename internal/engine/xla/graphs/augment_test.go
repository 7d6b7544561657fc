package graphs_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/gomlx/core/graph"
)

// rounds says whether an augmentation computes values, rather than move them, so that its forms differ by rounding.
func rounds(a data.Augmentation) bool {
	switch a.(type) {
	case data.ResizedCrop, data.Rotation, data.ColourJitter, data.Greyscale:
		return true
	}
	return false
}

// TestAugment holds the graph forms equal to the definitions in data, bit for bit or up to rounding, on drawn choices.
func TestAugment(t *testing.T) {
	const n = 24 // enough to draw each of a few choices
	shape := func(height, width, channels int) data.Shape {
		return data.Shape{Height: height, Width: width, Channels: channels}
	}
	tests := []struct {
		augmentation data.Augmentation
		image        data.Shape
	}{
		{data.Crop{Pad: 4}, shape(32, 32, 3)},
		{data.Crop{Pad: 1}, shape(3, 5, 2)},
		{data.Crop{Pad: 2}, shape(3, 3, 1)}, // the most there can be
		{data.Crop{Pad: 0}, shape(2, 3, 1)},
		{data.FlipLR{}, shape(32, 32, 3)},
		{data.FlipLR{}, shape(2, 5, 3)},
		{data.AlternatingFlip{}, shape(3, 5, 2)},
		{data.FlipLR{}, shape(3, 1, 2)},
		{data.Cutout{Height: 8, Width: 8}, shape(32, 32, 3)},
		{data.Cutout{Height: 2, Width: 3}, shape(5, 4, 2)},
		{data.Cutout{Height: 1, Width: 1}, shape(2, 2, 1)},
		{data.Cutout{Height: 3, Width: 3}, shape(3, 4, 3)}, // all rows
		{data.Erasing{Percent: 60, Least: 0.02, Most: 0.4, Aspect: 3.3}, shape(32, 32, 3)},
		{data.Erasing{Percent: 100, Least: 0.1, Most: 1, Aspect: 2}, shape(5, 8, 1)},
		{data.ResizedCrop{Least: 0.3, Aspect: 1.4}, shape(32, 32, 3)},
		{data.ResizedCrop{Least: 0.01, Aspect: 5}, shape(1, 7, 2)},
		{data.Rotation{Degrees: 20}, shape(32, 32, 3)},
		{data.Rotation{Degrees: 180}, shape(6, 3, 1)},
		{data.ColourJitter{Brightness: 0.5, Contrast: 0.4, Saturation: 0.3}, shape(32, 32, 3)},
		{data.ColourJitter{Brightness: 0.5, Contrast: 1, Saturation: 1}, shape(2, 3, 1)},
		{data.ColourJitter{Brightness: 0.5, Contrast: 0.4, AboutZero: true}, shape(5, 6, 3)},
		{data.Greyscale{Percent: 50}, shape(32, 32, 3)},
	}
	inTable := map[string]bool{}
	for _, test := range tests {
		inTable[data.KindOf(test.augmentation)] = true
	}
	for _, a := range data.Kinds() {
		if graphs.Augments(a) && !inTable[data.KindOf(a)] {
			t.Errorf("Augments says that %T has a graph form, which no case of this test compares", a)
		}
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for _, test := range tests {
			t.Run(fmt.Sprintf("%v of %v", test.augmentation, test.image), func(t *testing.T) {
				a, image := test.augmentation, test.image
				if err := a.Validate(image); err != nil {
					t.Fatal(err)
				}
				if !graphs.Augments(a) {
					t.Fatal("Augments says that it has no graph form")
				}
				rng := rand.New(rand.NewPCG(1, 2))
				pixels := make([]float32, n*image.Size())
				for i := range pixels {
					pixels[i] = float32(rng.NormFloat64())
				}
				choices := a.Draw(rng, n, image)
				k := len(choices) / n
				want := make([]float32, len(pixels))
				for i := range n {
					at := i * image.Size()
					a.Apply(want[at:at+image.Size()], pixels[at:at+image.Size()], image, choices[i*k:(i+1)*k])
				}
				run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
					return []*graph.Node{graphs.Augment(a, in[0], in[1])}
				})
				got := run(tensor(pixels, n, image.Height, image.Width, image.Channels), tensor(choices, n, k))[0]
				for i := range want {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(rounds(a) && math.Abs(float64(got[i]-want[i])) < 1e-5) {
						of := i / image.Size()
						t.Fatalf("image %d, choice %v, value %d: %v, want %v",
							of, choices[of*k:(of+1)*k], i%image.Size(), got[i], want[i])
					}
				}
			})
		}
	})
}

// own is an augmentation of a user's.
type own struct{ data.FlipLR }

func TestAugmentsNot(t *testing.T) {
	if graphs.Augments(own{}) {
		t.Error("Augments says that an augmentation of a user's has a graph form")
	}
	exec, err := graph.NewExec(open(t, "go"), func(images, choices *graph.Node) *graph.Node {
		return graphs.Augment(own{}, images, choices)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Call(tensor([]float32{1}, 1, 1, 1, 1), tensor([]int32{0}, 1, 1)); err == nil {
		t.Error("building the graph form of an augmentation that has none did not panic")
	}
}

// TestReflectPad pads bytes, as the resident data set is padded, and compares with NumPy's "reflect" as
// its documentation says it: position i of the padded axis mirrors in the first and in the last pixel.
func TestReflectPad(t *testing.T) {
	mirror := func(i, size int) int {
		if i < 0 {
			i = -i
		}
		return size - 1 - max(size-1-i, i-size+1)
	}
	tests := []struct {
		name  string
		pad   int
		image data.Shape
	}{
		{"none", 0, data.Shape{Height: 2, Width: 3, Channels: 2}},
		{"one pixel", 1, data.Shape{Height: 2, Width: 3, Channels: 2}},
		{"as many as there are", 3, data.Shape{Height: 4, Width: 5, Channels: 1}},
		{"published", 4, data.Shape{Height: 32, Width: 32, Channels: 3}},
	}
	const n = 2
	testbackend.Each(t, func(t *testing.T, name string) {
		backend := open(t, name)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				image, pad := test.image, test.pad
				pixels := make([]uint8, n*image.Size())
				for i := range pixels {
					pixels[i] = uint8(i * 37)
				}
				var want []float32
				for i := range n {
					for y := range image.Height + 2*pad {
						for x := range image.Width + 2*pad {
							row := (i*image.Height+mirror(y-pad, image.Height))*image.Width + mirror(x-pad, image.Width)
							for c := range image.Channels {
								want = append(want, float32(pixels[row*image.Channels+c]))
							}
						}
					}
				}
				run := compile(t, backend, func(in []*graph.Node) []*graph.Node {
					return []*graph.Node{graphs.ReflectPad(in[0], pad)}
				})
				if got := run(tensor(pixels, n, image.Height, image.Width, image.Channels))[0]; !slices.Equal(got, want) {
					t.Errorf("got  %v\nwant %v", got, want)
				}
			})
		}
	})
}

// TestCropAt gathers windows of images out of order, one of them twice, as bytes. The corners are the
// outermost there are, and one inside.
func TestCropAt(t *testing.T) {
	const n, height, width, channels, windowHeight, windowWidth = 4, 5, 6, 2, 3, 2
	pixels := make([]uint8, n*height*width*channels)
	for i := range pixels {
		pixels[i] = uint8(i) // 240 of them, all different
	}
	rows := []int32{3, 0, 3, 1, 2}
	corners := []int32{0, 0, 2, 4, 2, 0, 0, 4, 1, 3}
	var want []float32
	for i, row := range rows {
		for y := range windowHeight {
			for x := range windowWidth {
				at := (int(row)*height+int(corners[2*i])+y)*width + int(corners[2*i+1]) + x
				want = append(want, float32(pixels[at*channels]), float32(pixels[at*channels+1]))
			}
		}
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
			out := graphs.CropAt(in[0], in[1], in[2], windowHeight, windowWidth)
			if dims := out.Shape().Dimensions; !slices.Equal(dims, []int{5, windowHeight, windowWidth, channels}) {
				t.Errorf("shape %v", dims)
			}
			return []*graph.Node{out}
		})
		got := run(tensor(pixels, n, height, width, channels), tensor(rows, 5), tensor(corners, 5, 2))[0]
		if !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}
