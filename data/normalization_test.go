package data_test

import (
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestDatasetNormalization(t *testing.T) {
	tests := []struct {
		name   string
		pixels []uint8
		shape  data.Shape
		want   data.Normalization
	}{
		{"grey", []uint8{2, 4, 4, 4, 5, 5, 7, 9}, data.Shape{Height: 2, Width: 2, Channels: 1},
			data.Normalization{Mean: []float32{5}, Std: []float32{2}}},
		{"channels apart", []uint8{0, 10, 7, 2, 30, 7}, data.Shape{Height: 1, Width: 1, Channels: 3},
			data.Normalization{Mean: []float32{1, 20, 7}, Std: []float32{1, 10, 1}}}, // the last is constant
		{"all white", []uint8{255, 255}, data.Shape{Height: 1, Width: 1, Channels: 1},
			data.Normalization{Mean: []float32{255}, Std: []float32{1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			labels := make([]int, len(test.pixels)/test.shape.Size())
			d := newSet(t, test.pixels, test.shape, labels, catDog)
			if diff := cmp.Diff(test.want, d.Normalization()); diff != "" {
				t.Errorf("normalization (-want +got):\n%s", diff)
			}
		})
	}
}

// Few pixels and many, which are looked up in a table, give the same numbers to the bit.
func TestNormalizationApply(t *testing.T) {
	n := data.Normalization{Mean: []float32{125.31, 122.95, 113.87}, Std: []float32{62.99, 62.09, 66.70}}
	for _, size := range []struct {
		name   string
		pixels int
	}{{"no pixels", 0}, {"a pixel", 1}, {"an image", 32 * 32}, {"three images", 3 * 32 * 32}} {
		t.Run(size.name, func(t *testing.T) {
			src := make([]uint8, 3*size.pixels)
			want := make([]float32, len(src))
			for i := range src {
				src[i] = uint8(7 * i)
				want[i] = (float32(src[i]) - n.Mean[i%3]) * (1 / n.Std[i%3])
			}
			got := make([]float32, len(src))
			n.Apply(got, src)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("normalised (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNormalizationValidate(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		name      string
		mean, std []float32
		says      []string // none if it is valid for 2 channels
	}{
		{"valid", []float32{-1, 300}, []float32{1, 0.1}, nil},
		{"nothing", nil, nil, []string{"0 means and 0 deviations for 2 channels"}},
		{"a mean too few", []float32{1}, []float32{1, 1}, []string{"1 means and 2 deviations"}},
		{"not finite", []float32{nan, 1}, []float32{1, inf}, []string{"mean NaN of channel 0", "deviation +Inf of channel 1"}},
		{"not positive", []float32{1, 1}, []float32{0, -1}, []string{"deviation 0 of channel 0", "deviation -1 of channel 1"}},
		{"no finite reciprocal", []float32{1, 1}, []float32{1, 1e-40}, []string{"deviation 1e-40 of channel 1", "reciprocal"}},
		{"deviation NaN", []float32{1, 1}, []float32{nan, 1}, []string{"deviation NaN of channel 0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := data.Normalization{Mean: test.mean, Std: test.std}.Validate(2)
			if test.says == nil {
				if err != nil {
					t.Errorf("Validate(2) = %v, want nil", err)
				}
				return
			}
			checkError(t, err, data.ErrFormat, test.says...)
		})
	}
}

func BenchmarkNormalizationApply(b *testing.B) {
	n := data.Normalization{Mean: []float32{125.31, 122.95, 113.87}, Std: []float32{62.99, 62.09, 66.70}}
	for _, size := range []struct {
		name   string
		images int
	}{{"one image", 1}, {"batch of 128", 128}} {
		b.Run(size.name, func(b *testing.B) {
			src := make([]uint8, size.images*3*32*32)
			dst := make([]float32, len(src))
			for b.Loop() {
				n.Apply(dst, src)
			}
			b.ReportMetric(float64(size.images*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
