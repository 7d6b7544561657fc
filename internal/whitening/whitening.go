// Package whitening computes the filters of a patch whitening, layers.PatchWhitening.
package whitening

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/fastresnet/fastresnet/data"
	"gonum.org/v1/gonum/mat"
)

// Filters computes the filters of a patch whitening from the first images of a set: the eigenvectors of the
// uncentred covariance of all kernel x kernel patches that lie inside the normalised images, each divided by the square
// root of its eigenvalue plus epsilon, in the order of falling eigenvalues; 0 where that sum is. Convolved with them,
// patches have uncorrelated values of variance 1, less where epsilon counts. epsilon is 0 or more.
//
// The result is [kernel·kernel·channels, kernel, kernel, channels]. It is the same every time: sums over
// pixels are exact, and of the two signs of an eigenvector the one is taken whose first large component is
// positive. When ctx ends, its error is returned within the time that an image takes. Otherwise the error wraps
// [data.ErrFormat]: a kernel below 1 or larger than the images, a normalization of other channels, no images, or a covariance
// whose eigenvectors are not found.
//
// Source: rung 25 of the series "How to train your ResNet".
func Filters(ctx context.Context, set *data.Dataset, n data.Normalization, kernel int, epsilon float64, images int) ([]float32, error) {
	if set.Len() == 0 {
		return nil, fmt.Errorf("%w: the set is empty", data.ErrFormat)
	}
	shape := set.Shape()
	if kernel < 1 || kernel > min(shape.Height, shape.Width) {
		return nil, fmt.Errorf("%w: patches of %dx%d, in images of %v", data.ErrFormat, kernel, kernel, shape)
	}
	if err := n.Validate(shape.Channels); err != nil {
		return nil, err
	}
	first, err := set.Slice(0, min(images, set.Len()))
	if err != nil {
		return nil, err
	}
	products, err := covariance(ctx, first, n, kernel)
	if err != nil {
		return nil, err
	}
	size, _ := products.Dims()
	var eigen mat.EigenSym
	if !eigen.Factorize(products, true) {
		return nil, fmt.Errorf("%w: the eigenvectors of the covariance of %dx%d patches were not found: the iteration does not converge", data.ErrFormat, kernel, kernel)
	}
	values := eigen.Values(nil) // rising
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	filters := make([]float32, 0, size*size)
	for i := size - 1; i >= 0; i-- {
		vector := mat.Col(nil, i, &vectors)
		variance := values[i]
		if variance < rounding*values[size-1] {
			variance = 0
		}
		factor := 0.0
		if variance+epsilon > 0 {
			factor = sign(vector) / math.Sqrt(variance+epsilon)
		}
		for _, v := range vector {
			filters = append(filters, float32(v*factor))
		}
	}
	return filters, nil
}

// rounding is the share of the largest eigenvalue below which another is one of 0, computed.
const rounding = 1e-10

// sign is the sign of the first component that is at least half as large as the largest: rounding decides
// which of several is the largest.
func sign(vector []float64) float64 {
	largest := 0.0
	for _, v := range vector {
		largest = max(largest, math.Abs(v))
	}
	i := slices.IndexFunc(vector, func(v float64) bool { return math.Abs(v) > largest/2 })
	if i >= 0 && vector[i] < 0 {
		return -1
	}
	return 1
}

// covariance is the mean of the products of every two values of a normalised patch. A value's number
// in its patch is (row·kernel + column)·channels + channel.
func covariance(ctx context.Context, set *data.Dataset, n data.Normalization, kernel int) (*mat.SymDense, error) {
	shape := set.Shape()
	channels := shape.Channels
	size := kernel * kernel * channels
	sums, products, err := patchSums(ctx, set, kernel)
	if err != nil {
		return nil, err
	}
	count := float64(set.Len() * (shape.Height - kernel + 1) * (shape.Width - kernel + 1))
	covariance := mat.NewSymDense(size, nil)
	for i := range size {
		for j := i; j < size; j++ {
			// The mean of (p-μ)(q-ν), from those of p, q and pq.
			mu, nu := float64(n.Mean[i%channels]), float64(n.Mean[j%channels])
			p, q, pq := float64(sums[i])/count, float64(sums[j])/count, float64(products[i*size+j])/count
			covariance.SetSym(i, j, (pq-mu*q-nu*p+mu*nu)/float64(n.Std[i%channels])/float64(n.Std[j%channels]))
		}
	}
	return covariance, nil
}

// patchSums are the sums of each value of all patches, and of the products [i·size + j] of every two, i <= j. Of ctx,
// which may be anyone's, the workers use the channel alone: a panic of theirs would end the process.
func patchSums(ctx context.Context, set *data.Dataset, kernel int) (sums, products []uint64, err error) {
	pixels, shape := set.Pixels(), set.Shape()
	size := kernel * kernel * shape.Channels
	sums, products = make([]uint64, size), make([]uint64, size*size)
	ended := ctx.Done()
	var mu sync.Mutex
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		workers.Go(func() {
			ownSums, ownProducts := make([]uint64, size), make([]uint64, size*size)
			for i := w; i < set.Len(); i += n {
				select {
				case <-ended:
					return
				default:
				}
				addPatches(ownSums, ownProducts, pixels[i*shape.Size():(i+1)*shape.Size()], shape, kernel)
			}
			mu.Lock()
			defer mu.Unlock()
			for i, v := range ownSums {
				sums[i] += v
			}
			for i, v := range ownProducts {
				products[i] += v
			}
		})
	}
	workers.Wait()
	return sums, products, ctx.Err()
}

// addPatches adds the patches of one image, a row of them at a time: value i of the patches in a row is a
// run of the image's bytes, one a pixel.
func addPatches(sums, products []uint64, image []uint8, shape data.Shape, kernel int) {
	channels, width := shape.Channels, shape.Width-kernel+1
	size := len(sums)
	values := make([]uint32, size*width) // [size, width]
	for y := range shape.Height - kernel + 1 {
		for i := range size {
			row, rest := i/(kernel*channels), i%(kernel*channels) // rest is column·channels + channel
			from := (y+row)*shape.Width*channels + rest
			for x := range width {
				values[i*width+x] = uint32(image[from+x*channels])
			}
		}
		for i := range size {
			a := values[i*width : (i+1)*width]
			for _, v := range a {
				sums[i] += uint64(v)
			}
			for j := i; j < size; j++ {
				b := values[j*width:][:len(a)]
				var sum uint64
				for x, v := range a {
					sum += uint64(v * b[x])
				}
				products[i*size+j] += sum
			}
		}
	}
}
