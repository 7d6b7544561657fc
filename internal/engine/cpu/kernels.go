package cpu

// kernels are the inner loops, for one instruction set. Slices start at the element of the first row,
// channel and pixel concerned; a vector is the lanes images of one pixel.
//
// Those in assembly read and write without bounds checks, and do it for exactly the elements that the formulas
// here name. product, conv and maxPool keep those inside of their tensors, whose borders are wide enough for
// every tap.
type kernels struct {
	name string

	// convolve computes a tile of channels, wideTile or narrowTile, for pixels in a row:
	//
	//	y[m*channel + p*yPixel + lane] = Σk weights[k*channels + m] · x[offsets[k] + p*xPixel + lane]
	//
	// for m < channels, p < pixels and the lanes, or adds that to y. The sums are taken in the order of k, from
	// y's value if it is added to.
	convolve func(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool)

	// correlate adds to the numbers sums[j*channels + m], for a tile of channels and j < correlateTaps:
	//
	//	Σs Σp Σlane dy[m*channel + s.dy + p*lanes + lane] · x[offsets[j] + s.x + p*xPixel + lane]
	//
	// over the segments s, p < pixels and the lanes. There is at least one pixel.
	correlate func(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []segment, channels, pixels int)

	// moments sets the vectors sum and squares to the sum of the vectors of x, and of the squares of
	// their differences from their mean.
	moments func(sum, squares, x []float32, r rows)

	// affine sets y = f(gain·x + shift). NaN stays, so that a run that diverges shows in its loss. y and x
	// have the same rows, and may be the same.
	affine func(y, x []float32, r rows, a *affine)

	// affineSums sets the vectors sum and product to the sums of d and of d·(x-mean), where
	// d = dy·f'(gain·x + shift) is the gradient before the activation.
	affineSums func(sum, product, dy, x []float32, r rows, a *affineGradient)

	// affineBackward replaces x by gain·d + xGain·x + constant, with d as in affineSums.
	affineBackward func(dy, x []float32, r rows, a *affineGradient)

	// maxPool sets the vectors of y to the maxima of as many windows side by side in x. NaN is a maximum where it comes
	// first, and none elsewhere.
	maxPool func(y, x []float32, w window)

	// maxPoolBackward replaces x by its gradient: that of each window goes to its first maximum in
	// row-major order. A window with NaN may have none.
	maxPoolBackward func(dy, x []float32, w window)
}

// correlateTaps is how many taps of a filter correlate takes at a time.
const correlateTaps = 4

// window is a rectangle of pixels in rows that are stride elements apart.
type window struct{ height, width, stride int }

// segment is one row of pixels of a group: where it starts in a gradient and in the input.
type segment struct{ dy, x int }

// vector is a number for each lane.
type vector = [lanes]float32

// fill is a vector of equal numbers.
func fill(value float32) (v vector) {
	for lane := range v {
		v[lane] = value
	}
	return v
}

// affine are the coefficients of f(gain·x + shift). The assembly knows where its fields are, and those of
// affineGradient: the generator has their offsets, and TestLayouts holds them.
type affine struct {
	gain, shift vector
	f           activation
}

// affineGradient are the coefficients of the gradient of a normalised channel.
type affineGradient struct {
	affine
	mean, xGain, constant vector
}

// Kernels names the instruction set that this machine's kernels use: "AVX-512", "AVX2", "NEON" or "scalar".
func Kernels() string { return available()[0].name }
