package data_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// apply checks that an augmentation can be applied, applies it to a dst full of NaN, so that
// anything left out shows, and checks that it left src alone.
func apply(t *testing.T, a data.Augmentation, src []float32, shape data.Shape, choice []int32) []float32 {
	t.Helper()
	if err := a.Validate(shape); err != nil {
		t.Fatal(err)
	}
	dst := slices.Repeat([]float32{float32(math.NaN())}, len(src))
	before := slices.Clone(src)
	a.Apply(dst, src, shape, choice)
	if diff := cmp.Diff(before, src); diff != "" {
		t.Errorf("source (-before +after):\n%s", diff)
	}
	return dst
}

func TestDraw(t *testing.T) {
	image := data.Shape{Height: 32, Width: 24, Channels: 3}
	tests := []struct {
		augmentation data.Augmentation
		sizes        []int // how many values each number of a choice can have, from 0 on
	}{
		{data.Crop{Pad: 4}, []int{9, 9}},
		{data.Crop{Pad: 0}, []int{1, 1}},
		{data.FlipLR{}, []int{2}},
		{data.AlternatingFlip{}, []int{2}},
		{data.Cutout{Height: 8, Width: 8}, []int{25, 17}},
		{data.Cutout{Height: 32, Width: 20}, []int{1, 5}},
		{data.ResizedCrop{Least: 0.5, Aspect: 1.3}, []int{101, 101, 101, 101}},
		{data.Rotation{Degrees: 10}, []int{101}},
		{data.Erasing{Percent: 50, Least: 0.1, Most: 0.3, Aspect: 3}, []int{100, 101, 101, 101, 101}},
		{data.ColourJitter{Brightness: 0.2, Contrast: 0.2, Saturation: 0.2}, []int{101, 101, 101}},
		{data.Greyscale{Percent: 20}, []int{100}},
	}
	var tested []data.Augmentation
	for _, test := range tests {
		tested = append(tested, test.augmentation)
		t.Run(fmt.Sprint(test.augmentation), func(t *testing.T) {
			const n = 20_000
			choices := test.augmentation.Draw(newRand(1), n, image)
			if diff := cmp.Diff(choices, test.augmentation.Draw(newRand(1), n, image)); diff != "" {
				t.Errorf("choices of the same seed differ (-first +second):\n%s", diff)
			}
			if got, want := len(choices), n*len(test.sizes); got != want {
				t.Fatalf("%d numbers, want %d", got, want)
			}
			for k, size := range test.sizes {
				counts := make([]int, size)
				for i := k; i < len(choices); i += len(test.sizes) {
					if choices[i] < 0 || int(choices[i]) >= size {
						t.Fatalf("number %d of choice %d is %d, want 0 to %d", k, i/len(test.sizes), choices[i], size-1)
					}
					counts[choices[i]]++
				}
				// A count is within 5 of its standard deviations of the mean: a fair draw of
				// this seed or another is outside about once in a million.
				p := 1 / float64(size)
				bound := 5 * math.Sqrt(n*p*(1-p))
				for value, count := range counts {
					if math.Abs(float64(count)-n*p) > bound {
						t.Errorf("number %d is %d in %d choices of %d, want %.0f +- %.0f", k, value, count, n, n*p, bound)
					}
				}
			}
			if slices.Max(test.sizes) > 1 {
				if slices.Equal(choices, test.augmentation.Draw(newRand(2), n, image)) {
					t.Error("choices of two seeds are the same")
				}
			}
		})
	}
	checkEveryKind(t, tested)
}

func TestAugmentationValidate(t *testing.T) {
	square, flat := data.Shape{Height: 8, Width: 8, Channels: 3}, data.Shape{Height: 2, Width: 8, Channels: 1}
	tests := []struct {
		name         string
		augmentation data.Augmentation
		image        data.Shape
		says         string // nothing if it is valid
	}{
		{"crop 0", data.Crop{}, square, ""},
		{"crop of all but one", data.Crop{Pad: 7}, square, ""},
		{"crop of all", data.Crop{Pad: 8}, square, "crop 8: padding of images of 8x8x3 must be in 0 to 7"},
		{"crop of a flat image", data.Crop{Pad: 2}, flat, "0 to 1"},
		{"negative crop", data.Crop{Pad: -1}, square, "crop -1"},
		{"crop of nothing", data.Crop{}, data.Shape{}, "0x0x0"},
		{"flip", data.FlipLR{}, flat, ""},
		{"flip of nothing", data.FlipLR{}, data.Shape{}, "flip left-right: image shape 0x0x0"},
		{"alternating flip", data.AlternatingFlip{}, flat, ""},
		{"alternating flip of nothing", data.AlternatingFlip{}, data.Shape{}, "alternating flip: image shape 0x0x0"},
		{"cutout", data.Cutout{Height: 3, Width: 5}, square, ""},
		{"cutout of all rows", data.Cutout{Height: 2, Width: 7}, flat, ""},
		{"cutout of everything", data.Cutout{Height: 2, Width: 8}, flat, "cutout 2x8: it blanks every image of 2x8x1"},
		{"cutout too high", data.Cutout{Height: 3, Width: 3}, flat, "cutout 3x3: rectangle in images of 2x8x1 must be from 1x1 to 2x8"},
		{"cutout too wide", data.Cutout{Height: 1, Width: 9}, flat, "cutout 1x9"},
		{"zero cutout", data.Cutout{}, square, "cutout 0x0"},
		{"negative cutout", data.Cutout{Height: 2, Width: -2}, square, "cutout 2x-2"},
		{"resized crop", data.ResizedCrop{Least: 0.5, Aspect: 1}, flat, ""},
		{"resized crop of nothing", data.ResizedCrop{Least: 0, Aspect: 1}, flat, "resized crop 0, aspect 1: shares of the image from 0 to 1"},
		{"resized crop of more than all", data.ResizedCrop{Least: 1.1, Aspect: 1}, flat, "shares of the image"},
		{"resized crop NaN", data.ResizedCrop{Least: math.NaN(), Aspect: 1}, flat, "shares of the image"},
		{"resized crop with an aspect below 1", data.ResizedCrop{Least: 1, Aspect: 0.9}, flat, "need 1 to 10"},
		{"resized crop without pixels", data.ResizedCrop{Least: 1, Aspect: 1}, data.Shape{}, "0x0x0"},
		{"rotation", data.Rotation{Degrees: 180}, flat, ""},
		{"rotation too far", data.Rotation{Degrees: 181}, flat, "rotation 181"},
		{"rotation NaN", data.Rotation{Degrees: math.NaN()}, flat, "0 to 180"},
		{"erasing", data.Erasing{Percent: 100, Least: 0.1, Most: 1, Aspect: 1}, flat, ""},
		{"erasing backwards", data.Erasing{Percent: 100, Least: 0.2, Most: 0.1, Aspect: 1}, flat, "from 0.2 to 0.1"},
		{"erasing more than all", data.Erasing{Percent: 101, Least: 0.1, Most: 0.2, Aspect: 1}, flat, "0 to 100 %"},
		{"colour jitter", data.ColourJitter{Brightness: 1, Contrast: 1, Saturation: 1}, flat, ""},
		{"negative brightness", data.ColourJitter{Brightness: -1}, flat, "colour jitter -1, 0, 0"},
		{"contrast above 1", data.ColourJitter{Contrast: 1.1}, flat, "colour jitter"},
		{"saturation NaN", data.ColourJitter{Saturation: math.NaN()}, flat, "colour jitter"},
		{"greyscale", data.Greyscale{Percent: 5}, square, ""},
		{"negative greyscale", data.Greyscale{Percent: -5}, square, "greyscale -5 %"},
		{"cutout of nothing", data.Cutout{Height: 1, Width: 1}, data.Shape{}, "0x0x0"},
	}
	var tested []data.Augmentation
	for _, test := range tests {
		tested = append(tested, test.augmentation)
		t.Run(test.name, func(t *testing.T) {
			err := test.augmentation.Validate(test.image)
			if test.says != "" {
				checkError(t, err, data.ErrAugmentation, test.says)
			} else if err != nil {
				t.Errorf("Validate(%v) = %v, want nil", test.image, err)
			}
		})
	}
	checkEveryKind(t, tested)
}

// BenchmarkAugment crops, flips and cuts out of a batch of 128 images of CIFAR-10's size, choices
// drawn as well.
func BenchmarkAugment(b *testing.B) {
	const n = 128
	image := data.Shape{Height: 32, Width: 32, Channels: 3}
	steps := []data.Augmentation{data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 8}}
	size := image.Size()
	src, dst := make([]float32, n*size), make([]float32, n*size)
	rng := newRand(1)
	for b.Loop() {
		for _, step := range steps {
			choices := step.Draw(rng, n, image)
			k := len(choices) / n
			for i := range n {
				step.Apply(dst[i*size:(i+1)*size], src[i*size:(i+1)*size], image, choices[i*k:(i+1)*k])
			}
			src, dst = dst, src
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
}

func BenchmarkApply(b *testing.B) {
	image := data.Shape{Height: 32, Width: 32, Channels: 3}
	src, dst := make([]float32, image.Size()), make([]float32, image.Size())
	for _, test := range []struct {
		augmentation data.Augmentation
		choice       []int32
	}{
		{data.Crop{Pad: 4}, []int32{2, 2}},
		{data.FlipLR{}, []int32{1}},
		{data.Cutout{Height: 8, Width: 8}, []int32{12, 12}},
	} {
		b.Run(fmt.Sprint(test.augmentation), func(b *testing.B) {
			for b.Loop() {
				test.augmentation.Apply(dst, src, image, test.choice)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// A resumed run knows an augmentation by what String says, which therefore depends on every setting.
func TestStringSaysEverySetting(t *testing.T) {
	for _, a := range data.Kinds() {
		for i := range reflect.TypeOf(a).NumField() {
			changed := reflect.New(reflect.TypeOf(a)).Elem()
			changed.Set(reflect.ValueOf(a))
			switch field := changed.Field(i); field.Kind() {
			case reflect.Bool:
				field.SetBool(!field.Bool())
			case reflect.Int:
				field.SetInt(field.Int() + 1)
			case reflect.Float64:
				field.SetFloat(field.Float() + 0.125)
			default:
				t.Fatalf("%T: %s is of a kind that this test does not know", a, reflect.TypeOf(a).Field(i).Name)
			}
			if other := changed.Interface().(data.Augmentation); fmt.Sprint(other) == fmt.Sprint(a) {
				t.Errorf("%q does not depend on %s", fmt.Sprint(a), reflect.TypeOf(a).Field(i).Name)
			}
		}
	}
}
