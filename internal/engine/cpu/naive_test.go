package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// Naive are the formulas of [kernels.Set] as they stand, for sizes that no instruction set has: what this package
// computes with them shows that it takes the sizes from the set.
const Naive = "naive"

const (
	naiveLanes = 3
	naiveTaps  = 2
)

var naive = &kernels.Set{
	Name: Naive, Lanes: naiveLanes, WideTile: 5, NarrowTile: 2, Taps: naiveTaps,
	Convolve: convolveNaive,
	ConvolveChannels: func(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool) {
		for b := range blocks {
			for i := range pixels * naiveLanes {
				sum := &y[b*block+i]
				if !add {
					*sum = 0
				}
				for k, o := range offsets {
					*sum += weights[(k*blocks+b)*naiveLanes+i%naiveLanes] * x[o+i/naiveLanes*naiveLanes]
				}
			}
		}
	},
	ChannelBlocks: 2,
	Correlate:     correlateNaive,
	Transpose: func(y []float32, yRow int, x []float32, xRow int) {
		for i := range naiveLanes {
			for j := range naiveLanes {
				y[j*yRow+i] = x[i*xRow+j]
			}
		}
	},
	Moments: func(sum, squares, x []float32, r kernels.Rows) {
		clear(sum)
		clear(squares)
		eachElement(r, func(i, lane int) { sum[lane] += x[i] })
		eachElement(r, func(i, lane int) {
			d := x[i] - sum[lane]/float32(r.Count*r.Length/len(sum))
			squares[lane] += d * d
		})
	},
	Affine: func(y, x []float32, r kernels.Rows, a *kernels.Affine) {
		eachElement(r, func(i, lane int) { y[i] = a.F.Value(a.Gain[lane]*x[i] + a.Shift[lane]) })
	},
	AffineSums: func(sum, product, dy, x []float32, r kernels.Rows, a *kernels.AffineGradient) {
		clear(sum)
		clear(product)
		eachElement(r, func(i, lane int) {
			d := dy[i] * a.F.Slope(a.Gain[lane]*x[i]+a.Shift[lane])
			sum[lane] += d
			product[lane] += d * (x[i] - a.Mean[lane])
		})
	},
	AffineBackward: func(dy, x []float32, r kernels.Rows, a *kernels.AffineGradient) {
		eachElement(r, func(i, lane int) {
			d := dy[i] * a.F.Slope(a.Gain[lane]*x[i]+a.Shift[lane])
			x[i] = a.Gain[lane]*d + a.XGain[lane]*x[i] + a.Constant[lane]
		})
	},
	MaxPool: func(y, x []float32, w kernels.Window) {
		for i := range y {
			y[i] = x[firstMaximum(i, x, w)]
		}
	},
	MaxPoolBackward: func(dy, x []float32, w kernels.Window) {
		for i := range dy {
			maximum := firstMaximum(i, x, w)
			eachOf(i, w, func(at int) { x[at] = 0 })
			x[maximum] = dy[i]
		}
	},
	MaxPoolAffineBackward: func(dy, x []float32, w kernels.Window, a *kernels.AffineGradient) {
		for i := range dy {
			maximum, lane := firstMaximum(i, x, w), i%naiveLanes
			eachOf(i, w, func(at int) { x[at] = a.XGain[lane]*x[at] + a.Constant[lane] })
			x[maximum] = dy[i]
		}
	},
	WinogradChannels: 1,
	Winograd: kernels.Winograd{
		Input: transformNaive([][]float64{
			{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
		}),
		Output:         transformNaive(outputMatrix),
		OutputGradient: transformNaive(transposed(outputMatrix)),
		Filter:         transformNaive(filterMatrix),
		FilterGradient: transformNaive(transposed(filterMatrix)),
	},
}

func convolveNaive(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool) {
	for m := range channels {
		for p := range pixels {
			for lane := range naiveLanes {
				sum := &y[m*channel+p*yPixel+lane]
				if !add {
					*sum = 0
				}
				for k, o := range offsets {
					*sum += weights[k*channels+m] * x[o+p*xPixel+lane]
				}
			}
		}
	}
}

func correlateNaive(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []kernels.Segment, channels, pixels int) {
	for j, o := range offsets[:naiveTaps] {
		for m := range channels {
			for _, s := range segments {
				for p := range pixels {
					for lane := range naiveLanes {
						sums[j*channels+m] += dy[m*channel+s.Dy+p*naiveLanes+lane] * x[o+s.X+p*xPixel+lane]
					}
				}
			}
		}
	}
}

// eachElement calls f for every element of rows.
func eachElement(r kernels.Rows, f func(i, lane int)) {
	for row := range r.Count {
		for j := range r.Length {
			f(row*r.Stride+j, j%naiveLanes)
		}
	}
}

// eachOf calls f for the places in x of the window that makes element i of the output.
func eachOf(i int, w kernels.Window, f func(at int)) {
	first := i/naiveLanes*w.Width*naiveLanes + i%naiveLanes
	for row := range w.Height {
		for column := range w.Width {
			f(first + row*w.Stride + column*naiveLanes)
		}
	}
}

// firstMaximum is where that window has its maximum for the first time.
func firstMaximum(i int, x []float32, w kernels.Window) int {
	maximum := -1
	eachOf(i, w, func(at int) {
		if maximum < 0 || x[at] > x[maximum] && !w.Least || x[at] < x[maximum] && w.Least {
			maximum = at
		}
	})
	return maximum
}

// The matrices of Winograd's convolution.
var (
	outputMatrix = [][]float64{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}
	filterMatrix = [][]float64{{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}}
)

func transposed(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for i := range t {
		for _, row := range m {
			t[i] = append(t[i], row[i])
		}
	}
	return t
}

// transformNaive makes y = t·x·tᵗ.
func transformNaive(t [][]float64) kernels.Transform {
	return func(y []float32, to kernels.Grid, x []float32, from kernels.Grid, count int) {
		for n := range count {
			for i := range t {
				for j := range t {
					for lane := range naiveLanes {
						var sum float64
						for k, left := range t[i] {
							for l, right := range t[j] {
								sum += left * right * float64(x[n*from.Step+k*from.Row+l*from.Column+lane])
							}
						}
						y[n*to.Step+i*to.Row+j*to.Column+lane] = float32(sum)
					}
				}
			}
		}
	}
}
