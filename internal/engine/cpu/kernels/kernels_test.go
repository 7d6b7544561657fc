package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The tests here call every kernel of every variant on its own, and compare with the formulas of the table in
// float64. Operands end where memory faults, and hold poison wherever a formula names no element.

// eachKernels runs f for each variant, with the same random numbers.
func eachKernels(t *testing.T, f func(k *Set, m *memory, rng *rand.Rand)) {
	for _, k := range Available() {
		t.Run(k.Name, func(t *testing.T) { f(k, &memory{t: t}, rand.New(rand.NewPCG(1, 2))) })
	}
}

// TestConvolve computes all tiles of 1 to 13 channels.
func TestConvolve(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for channels := 1; channels <= 13; channels++ {
			for pixels := 1; pixels <= 9; pixels++ {
				for i, taps := range []int{0, 1, 2, 3, 4, 5, 8, 27} {
					convolution{
						tiles: k.Tiling(channels), taps: taps, pixels: pixels,
						yPixel: lanes * (1 + i%2), xPixel: lanes * (1 + (i+pixels)%3), gap: 5 * (channels % 4),
					}.test(k, m, rng)
				}
			}
		}
	})
}

// convolution is a product for a row of pixels. Channels of y are gap elements apart.
type convolution struct {
	tiles                             Tiling
	taps, pixels, yPixel, xPixel, gap int
}

func (c convolution) test(k *Set, m *memory, rng *rand.Rand) {
	channels, channel := c.tiles.Channels(), c.pixels*c.yPixel+c.gap
	offsets, weights := randomOffsets(rng, c.taps), randomNumbers(rng, c.taps*channels)
	x := poisoned(reach(offsets) + (c.pixels-1)*c.xPixel + lanes)
	for p := range c.pixels {
		for _, o := range offsets {
			copy(x[o+p*c.xPixel:], randomNumbers(rng, lanes))
		}
	}
	y := poisoned((channels-1)*channel + (c.pixels-1)*c.yPixel + lanes)
	sums, totals := slices.Clone(y), slices.Clone(y)
	for tile, first := range c.tiles[:c.tiles.Count()] {
		size := c.tiles.Size(tile)
		for j := range size {
			for p := range c.pixels {
				for lane := range lanes {
					sum := 0.0
					for k, o := range offsets {
						sum += float64(weights[first*c.taps+k*size+j]) * float64(x[o+p*c.xPixel+lane])
					}
					i := (first+j)*channel + p*c.yPixel + lane
					y[i] = randomNumber(rng)
					sums[i], totals[i] = float32(sum), float32(sum+float64(y[i]))
				}
			}
		}
	}
	for _, tt := range []struct {
		add       bool
		old, want []float32
	}{{false, poisoned(len(y)), sums}, {true, y, totals}} {
		m.check(fmt.Sprintf("%+v, add %v", c, tt.add), func() {
			y, x := place(m, "y", tt.old, tt.want), place(m, "x", x, x)
			offsets, weights := place(m, "offsets", offsets, offsets), place(m, "weights", weights, weights)
			for tile, first := range c.tiles[:c.tiles.Count()] {
				k.Convolve(y[first*channel:], channel, c.yPixel, x, c.xPixel, offsets, weights[first*c.taps:], c.tiles.Size(tile), c.pixels, tt.add)
			}
		})
	}
}

// TestCorrelate computes all tiles of 1 to 13 channels.
func TestCorrelate(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for channels := 1; channels <= 13; channels++ {
			for pixels := 1; pixels <= 9; pixels++ {
				for _, segments := range []int{1, 2, 5} {
					correlation{
						tiles: k.Tiling(channels), pixels: pixels, segments: segments,
						xPixel: lanes * (1 + (channels+pixels)%3), gap: 5 * (channels % 4),
					}.test(k, m, rng)
				}
			}
		}
	})
}

// correlation is the gradient to the weights of a few taps. Segments of dy are gap elements apart, and so are its
// channels.
type correlation struct {
	tiles                         Tiling
	pixels, segments, xPixel, gap int
}

func (c correlation) test(k *Set, m *memory, rng *rand.Rand) {
	channels, row := c.tiles.Channels(), c.pixels*lanes+c.gap
	channel := c.segments * row
	offsets, starts := randomOffsets(rng, correlateTaps), randomOffsets(rng, c.segments)
	offsets[3] = offsets[2] // as where a product repeats its last tap
	var segments []Segment
	for i, start := range starts {
		segments = append(segments, Segment{Dy: i * row, X: start})
	}
	x := poisoned(reach(starts) + reach(offsets) + (c.pixels-1)*c.xPixel + lanes)
	dy := poisoned(channels*channel - c.gap)
	for _, s := range segments {
		for p := range c.pixels {
			for _, o := range offsets {
				copy(x[o+s.X+p*c.xPixel:], randomNumbers(rng, lanes))
			}
			for j := range channels {
				copy(dy[j*channel+s.Dy+p*lanes:], randomNumbers(rng, lanes))
			}
		}
	}
	sums := randomNumbers(rng, correlateTaps*channels)
	want := slices.Clone(sums)
	for tile, first := range c.tiles[:c.tiles.Count()] {
		size := c.tiles.Size(tile)
		for tap, o := range offsets {
			for j := range size {
				i := correlateTaps*first + tap*size + j
				sum := float64(sums[i])
				for _, s := range segments {
					for p := range c.pixels {
						for lane := range lanes {
							sum += float64(dy[(first+j)*channel+s.Dy+p*lanes+lane]) * float64(x[o+s.X+p*c.xPixel+lane])
						}
					}
				}
				want[i] = float32(sum)
			}
		}
	}
	m.check(fmt.Sprintf("%+v", c), func() {
		sums, dy, x := place(m, "sums", sums, want), place(m, "dy", dy, dy), place(m, "x", x, x)
		offsets, segments := place(m, "offsets", offsets, offsets), place(m, "segments", segments, segments)
		for tile, first := range c.tiles[:c.tiles.Count()] {
			k.Correlate(sums[correlateTaps*first:], dy[first*channel:], channel, x, c.xPixel, offsets, segments, c.tiles.Size(tile), c.pixels)
		}
	})
}

// rowsTests are planes whose rows are apart by anything.
var rowsTests = []Rows{
	{Count: 1, Length: lanes, Stride: lanes},
	{Count: 1, Length: 7 * lanes, Stride: 8 * lanes},
	{Count: 2, Length: 2 * lanes, Stride: 2 * lanes},
	{Count: 3, Length: lanes, Stride: lanes + 5},
	{Count: 3, Length: 3 * lanes, Stride: 4 * lanes},
	{Count: 4, Length: 4 * lanes, Stride: 5*lanes + 1},
	{Count: 5, Length: 9 * lanes, Stride: 10 * lanes},
}

// random is a plane of poison with random numbers in the rows.
func (r Rows) random(rng *rand.Rand) []float32 {
	plane := poisoned((r.Count-1)*r.Stride + r.Length)
	r.each(func(i, _ int) { plane[i] = randomNumber(rng) })
	return plane
}

// each calls f for every element of the rows.
func (r Rows) each(f func(i, lane int)) {
	for row := range r.Count {
		for j := range r.Length {
			f(row*r.Stride+j, j%lanes)
		}
	}
}

func TestMoments(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for _, r := range rowsTests {
			x := r.random(rng)
			var sum, squares [lanes]float64
			r.each(func(i, lane int) { sum[lane] += float64(x[i]) })
			r.each(func(i, lane int) {
				d := float64(x[i]) - sum[lane]/float64(r.Count*r.Length/lanes)
				squares[lane] += d * d
			})
			m.check(fmt.Sprintf("%+v", r), func() {
				sum := place(m, "sum", poisoned(lanes), narrow(sum))
				squares := place(m, "squares", poisoned(lanes), narrow(squares))
				k.Moments(sum, squares, place(m, "x", x, x), r)
			})
		}
	})
}

// eachActivation runs f for rows and activations, with random coefficients.
func eachActivation(t *testing.T, f func(name string, k *Set, m *memory, rng *rand.Rand, c activationCase)) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for _, tt := range activationTests {
			for _, r := range rowsTests {
				c := activationCase{Rows: r, value: tt.value, slope: tt.slope}
				c.F = tt.f
				for _, v := range []*Vector{&c.Gain, &c.Shift, &c.Mean, &c.XGain, &c.Constant} {
					*v = Vector(randomNumbers(rng, lanes))
				}
				f(fmt.Sprintf("%s, %+v", tt.name, r), k, m, rng, c)
			}
		}
	})
}

// activationCase is an activation after a norm of the elements of rows.
type activationCase struct {
	Rows
	AffineGradient
	value, slope func(x float64) float64
}

// before is the activation's argument, exactly.
func (c *activationCase) before(x float32, lane int) float64 {
	return float64(c.Gain[lane])*float64(x) + float64(c.Shift[lane])
}

// gradient is that before the activation.
func (c *activationCase) gradient(dy, x float32, lane int) float64 {
	return float64(dy) * c.slope(c.before(x, lane))
}

func TestAffine(t *testing.T) {
	eachActivation(t, func(name string, k *Set, m *memory, rng *rand.Rand, c activationCase) {
		x := c.random(rng)
		x[0], x[lanes-1] = float32(math.NaN()), float32(math.NaN())
		y, inPlace := poisoned(len(x)), slices.Clone(x)
		c.each(func(i, lane int) {
			y[i] = float32(c.value(c.before(x[i], lane)))
			inPlace[i] = y[i]
		})
		a := []Affine{c.Affine}
		m.check(name, func() {
			k.Affine(place(m, "y", poisoned(len(y)), y), place(m, "x", x, x), c.Rows, &place(m, "a", a, a)[0])
		})
		m.check(name+", in place", func() {
			x := place(m, "x", x, inPlace)
			k.Affine(x, x, c.Rows, &place(m, "a", a, a)[0])
		})
	})
}

func TestAffineSums(t *testing.T) {
	eachActivation(t, func(name string, k *Set, m *memory, rng *rand.Rand, c activationCase) {
		dy, x := c.random(rng), c.random(rng)
		var sum, product [lanes]float64
		c.each(func(i, lane int) {
			d := c.gradient(dy[i], x[i], lane)
			sum[lane] += d
			product[lane] += d * (float64(x[i]) - float64(c.Mean[lane]))
		})
		a := []AffineGradient{c.AffineGradient}
		m.check(name, func() {
			sum := place(m, "sum", poisoned(lanes), narrow(sum))
			product := place(m, "product", poisoned(lanes), narrow(product))
			k.AffineSums(sum, product, place(m, "dy", dy, dy), place(m, "x", x, x), c.Rows, &place(m, "a", a, a)[0])
		})
	})
}

func TestAffineBackward(t *testing.T) {
	eachActivation(t, func(name string, k *Set, m *memory, rng *rand.Rand, c activationCase) {
		dy, x := c.random(rng), c.random(rng)
		dx := slices.Clone(x)
		c.each(func(i, lane int) {
			dx[i] = float32(float64(c.Gain[lane])*c.gradient(dy[i], x[i], lane) +
				float64(c.XGain[lane])*float64(x[i]) + float64(c.Constant[lane]))
		})
		a := []AffineGradient{c.AffineGradient}
		m.check(name, func() {
			k.AffineBackward(place(m, "dy", dy, dy), place(m, "x", x, dx), c.Rows, &place(m, "a", a, a)[0])
		})
	})
}

// TestMaxPool computes maxima and their gradient. There are ties, and for the maxima NaN, which is one where it comes
// first.
func TestMaxPool(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for height := 1; height <= 4; height++ {
			for width := 1; width <= 4; width++ {
				for pixels := 1; pixels <= 5; pixels++ {
					for _, least := range []bool{false, true} {
						length := pixels * width * lanes
						testMaxPool(k, m, rng, Window{height, width, length + height%2*lanes + width%3, least}, pixels)
					}
				}
			}
		}
	})
}

func testMaxPool(k *Set, m *memory, rng *rand.Rand, w Window, pixels int) {
	r := Rows{Count: w.Height, Length: pixels * w.Width * lanes, Stride: w.Stride}
	x := r.random(rng)
	r.each(func(i, _ int) {
		if rng.IntN(2) == 0 {
			x[i] = 4 // the greatest that the others can be
			if w.Least {
				x[i] = -4
			}
		}
	})
	a := []AffineGradient{{XGain: Vector(randomNumbers(rng, lanes)), Constant: Vector(randomNumbers(rng, lanes))}}
	dx, scaled, dy := slices.Clone(x), slices.Clone(x), randomNumbers(rng, pixels*lanes)
	r.each(func(i, lane int) { dx[i], scaled[i] = 0, a[0].XGain[lane]*x[i]+a[0].Constant[lane] })
	for i, at := range w.maxima(x, pixels) {
		dx[at], scaled[at] = dy[i], dy[i]
	}
	if !w.Least {
		m.check(fmt.Sprintf("gradient of %+v of %d pixels", w, pixels), func() {
			k.MaxPoolBackward(place(m, "dy", dy, dy), place(m, "x", x, dx), w)
		})
	}
	m.check(fmt.Sprintf("gradient of %+v of %d pixels, beside it a function", w, pixels), func() {
		k.MaxPoolAffineBackward(place(m, "dy", dy, dy), place(m, "x", x, scaled), w, &place(m, "a", a, a)[0])
	})
	r.each(func(i, _ int) {
		if rng.IntN(4) == 0 {
			x[i] = float32(math.NaN())
		}
	})
	y := make([]float32, pixels*lanes)
	for i, at := range w.maxima(x, pixels) {
		y[i] = x[at]
	}
	m.check(fmt.Sprintf("%+v of %d pixels", w, pixels), func() {
		k.MaxPool(place(m, "y", poisoned(len(y)), y), place(m, "x", x, x), w)
	})
}

// maxima are the indices of the maxima of windows side by side.
func (w Window) maxima(x []float32, pixels int) []int {
	indices := make([]int, pixels*lanes)
	for i := range indices {
		first := i/lanes*w.Width*lanes + i%lanes
		indices[i] = first
		for row := range w.Height {
			for column := range w.Width {
				j := first + row*w.Stride + column*lanes
				if best := x[indices[i]]; x[j] > best && !w.Least || x[j] < best && w.Least {
					indices[i] = j
				}
			}
		}
	}
	return indices
}

// randomNumber is one of few small multiples of 1/8: sums of products of two are exact in float32, so that variants
// differ nowhere by rounding, however they add, least of all in the sign of a number that an activation gets.
func randomNumber(rng *rand.Rand) float32 { return float32(rng.IntN(65)-32) / 8 }

func randomNumbers(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = randomNumber(rng)
	}
	return values
}

// randomOffsets are numbers of elements up to 500, the first of them 0.
func randomOffsets(rng *rand.Rand, n int) []int {
	offsets := make([]int, n)
	for i := range offsets {
		offsets[i] = i % 7 * (rng.IntN(80) + 3)
	}
	return offsets
}

// reach is the greatest offset.
func reach(offsets []int) int { return slices.Max(append([]int{0}, offsets...)) }

// narrow are sums as a kernel's result.
func narrow(sums [lanes]float64) []float32 {
	values := make([]float32, lanes)
	for lane, v := range sums {
		values[lane] = float32(v)
	}
	return values
}
