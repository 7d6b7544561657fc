package whitening_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/whitening"
	"github.com/google/go-cmp/cmp"
)

// TestFilters applies the filters to every patch: with no epsilon the outputs have variance 1 and are
// uncorrelated, which is what whitening means. The sums are plain float64 loops over normalised pixels.
func TestFilters(t *testing.T) {
	set, err := data.Synthetic(40, 1)
	if err != nil {
		t.Fatal(err)
	}
	n, shape := set.Normalization(), set.Shape()
	for _, kernel := range []int{1, 2, 3} {
		size := kernel * kernel * shape.Channels
		for _, epsilon := range []float64{0, 0.5} {
			const images = 30
			filters := filtersOf(t, set, n, kernel, epsilon, images)
			if len(filters) != size*size {
				t.Fatalf("kernel %d: %d values, want %d", kernel, len(filters), size*size)
			}
			products := make([]float64, size*size)
			count := 0.0
			image := make([]float32, shape.Size())
			for i := range images {
				n.Apply(image, set.Pixels()[i*shape.Size():(i+1)*shape.Size()])
				for y := range shape.Height - kernel + 1 {
					for x := range shape.Width - kernel + 1 {
						out := make([]float64, size)
						for o := range out {
							for k := range size {
								row, column, channel := k/(kernel*shape.Channels), k/shape.Channels%kernel, k%shape.Channels
								pixel := ((y+row)*shape.Width+x+column)*shape.Channels + channel
								out[o] += float64(filters[o*size+k]) * float64(image[pixel])
							}
						}
						for a := range size {
							for b := range size {
								products[a*size+b] += out[a] * out[b]
							}
						}
						count++
					}
				}
			}
			previous := math.Inf(1)
			for a := range size {
				variance := products[a*size+a] / count
				if epsilon == 0 && math.Abs(variance-1) > 1e-3 {
					t.Errorf("kernel %d: output %d has variance %g, want 1", kernel, a, variance)
				}
				// λ/(λ+ε), which falls with λ and stays below 1.
				if epsilon > 0 && (variance > previous+1e-6 || variance >= 1) {
					t.Errorf("kernel %d: output %d has variance %g after %g, want them to fall from below 1", kernel, a, variance, previous)
				}
				previous = variance
				for b := range a {
					if covariance := products[a*size+b] / count; math.Abs(covariance) > 1e-3 {
						t.Errorf("kernel %d: outputs %d and %d have covariance %g, want 0", kernel, a, b, covariance)
					}
				}
			}
		}
	}
}

// The filters are eigenvectors, so at right angles to each other, with signs that are always the same, and they
// do not depend on images past the first ones.
func TestFiltersIsDefinite(t *testing.T) {
	set, err := data.Synthetic(40, 1)
	if err != nil {
		t.Fatal(err)
	}
	first, err := set.Slice(0, 25)
	if err != nil {
		t.Fatal(err)
	}
	n := set.Normalization()
	want := filtersOf(t, set, n, 3, 1e-2, 25)
	for range 3 {
		if diff := cmp.Diff(want, filtersOf(t, first, n, 3, 1e-2, 1000)); diff != "" {
			t.Fatalf("filters (-want +got):\n%s", diff)
		}
	}
	for a := range 27 {
		filter, largest := want[a*27:(a+1)*27], float32(0)
		for _, v := range filter {
			largest = max(largest, v, -v)
		}
		for _, v := range filter {
			if max(v, -v) > largest/2 {
				if v < 0 {
					t.Errorf("filter %d starts with %g, want a positive large component first", a, v)
				}
				break
			}
		}
		for b := range a {
			var dot, lengths float64
			for k, v := range filter {
				dot += float64(v) * float64(want[b*27+k])
				lengths += math.Abs(float64(v) * float64(want[b*27+k]))
			}
			if math.Abs(dot) > 1e-4*lengths {
				t.Errorf("filters %d and %d are not at right angles: %g of %g", a, b, dot, lengths)
			}
		}
	}
}

// Images of one colour have no variance but in one direction; the others are whitened by epsilon alone, or to 0
// without one.
func TestFiltersWithoutVariance(t *testing.T) {
	shape := data.Shape{Height: 4, Width: 4, Channels: 1}
	set, err := data.New(make([]uint8, 2*shape.Size()), shape, []int{0, 1}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	n := data.Normalization{Mean: []float32{-1}, Std: []float32{1}} // every pixel is 1, so patches have length 3
	for _, epsilon := range []float64{0, 0.25} {
		filters := filtersOf(t, set, n, 3, epsilon, 2)
		for i, v := range filters {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || i >= 9 && epsilon == 0 && math.Abs(float64(v)) > 1e6 {
				t.Fatalf("epsilon %g: value %d is %g", epsilon, i, v)
			}
		}
		for _, v := range filters[:9] { // (1/3, ...) / sqrt(9 + ε)
			if want := 1 / 3. / math.Sqrt(9+epsilon); math.Abs(float64(v)-want) > 1e-6 {
				t.Errorf("epsilon %g: the first filter holds %g, want %g", epsilon, v, want)
			}
		}
	}
}

func TestFiltersRefuses(t *testing.T) {
	images := func(height, width int) *data.Dataset {
		shape := data.Shape{Height: height, Width: width, Channels: 3}
		set, err := data.New(make([]uint8, 2*shape.Size()), shape, []int{0, 1}, []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	n := data.Normalization{Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}}
	for _, tt := range []struct {
		name          string
		set           *data.Dataset
		n             data.Normalization
		kernel, count int
		says          string
	}{
		{"no kernel", images(8, 8), n, 0, 2, "patches of 0x0"},
		{"a negative kernel", images(8, 8), n, -3, 2, "patches of -3x-3"},
		{"images a pixel too narrow", images(8, 2), n, 3, 2, "patches of 3x3, in images of 8x2x3"},
		{"images of one column", images(8, 1), n, 3, 2, "patches of 3x3, in images of 8x1x3"},
		{"images of one row", images(1, 8), n, 3, 2, "patches of 3x3, in images of 1x8x3"},
		{"no set", nil, n, 3, 2, "the set is empty"},
		{"no images", images(8, 8), n, 3, 0, "[0:0]"},
		{"a normalization of grey images", images(8, 8), data.Normalization{Mean: []float32{0}, Std: []float32{1}}, 3, 2, "for 3 channels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			filters, err := whitening.Filters(t.Context(), tt.set, tt.n, tt.kernel, 0.1, tt.count)
			if filters != nil || !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d filters, error %v; want ErrFormat that says %q", len(filters), err, tt.says)
			}
		})
	}
	if _, err := whitening.Filters(t.Context(), images(3, 3), n, 3, 0.1, 2); err != nil {
		t.Errorf("images of one patch: %v", err)
	}
}

// filtersOf are the filters of a set.
func filtersOf(t *testing.T, set *data.Dataset, n data.Normalization, kernel int, epsilon float64, images int) []float32 {
	t.Helper()
	filters, err := whitening.Filters(t.Context(), set, n, kernel, epsilon, images)
	if err != nil {
		t.Fatal(err)
	}
	return filters
}

// ended is a context whose channel is closed.
type ended struct {
	context.Context
	err func() error
}

func (ended) Done() <-chan struct{} { c := make(chan struct{}); close(c); return c }
func (e ended) Err() error          { return e.err() }

// Whoever cancels does not wait for the rest of the images.
func TestFiltersIsCancelled(t *testing.T) {
	set, err := data.Synthetic(2000, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx := ended{t.Context(), func() error { return context.Canceled }}
	start := time.Now()
	_, _ = whitening.Filters(t.Context(), set, set.Normalization(), 3, 1e-2, set.Len())
	whole := time.Since(start)
	start = time.Now()
	filters, err := whitening.Filters(ctx, set, set.Normalization(), 3, 1e-2, set.Len())
	if filters != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%d filters, error %v; want context.Canceled", len(filters), err)
	}
	if took := time.Since(start); took > whole/2 {
		t.Errorf("it went on for %v of %v", took, whole)
	}
}
