package purego

// kernels are the inner loops, for one instruction set. Slices start at the element of the first row,
// channel and pixel concerned; a vector is the lanes images of one pixel.
type kernels struct {
	name string

	// convolve computes a tile of channels of pixels in a row:
	//
	//	y[m*channel + p*yPixel] = Σk weights[k*tile + m] · x[offsets[k] + p*xPixel]
	//
	// for m < tile and p < pixels, or adds that to y.
	convolve func(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, pixels int, add bool)

	// correlate adds to the numbers sums[j*tile + m], m < tile and j < 2:
	//
	//	Σs Σp dy[m*channel + s.dy + p*lanes] · x[offsets[j] + s.x + p*xPixel]
	//
	// over the segments s, p < pixels and the lanes.
	correlate func(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets [2]int, segments []segment, pixels int)

	// moments sets the vectors sum and squares to the sum of the vectors of x, and of the squares of
	// their differences from their mean.
	moments func(sum, squares, x []float32, r rows)

	// affine sets y = gain·x + shift, or 0 if that is less and relu. NaN stays, so that a run that diverges
	// shows in its loss. y and x have the same rows.
	affine func(y, x []float32, r rows, gain, shift float32, relu bool)

	// affineSums sets the vectors sum and product to the sums of dy and of dy·(x-mean). If relu, dy
	// counts only where gain·x + shift > 0.
	affineSums func(sum, product, dy, x []float32, r rows, a affineGradient)

	// affineBackward replaces x by a.dyGain·dy + a.xGain·x + a.constant, dy counted as in affineSums.
	affineBackward func(dy, x []float32, r rows, a affineGradient)

	// maxPool sets the vectors of y to the maxima of as many windows side by side in x.
	maxPool func(y, x []float32, w window)

	// maxPoolBackward replaces x by its gradient: that of each window goes to its first maximum in
	// row-major order.
	maxPoolBackward func(dy, x []float32, w window)
}

// window is a rectangle of pixels in rows that are stride elements apart.
type window struct{ height, width, stride int }

// segment is one row of pixels of a group: where it starts in a gradient and in the input.
type segment struct{ dy, x int }

// affineGradient are the coefficients of the gradient of a normalised channel.
type affineGradient struct {
	gain, shift, mean       float32
	relu                    bool
	dyGain, xGain, constant float32
}

// Kernels names the instruction set that this machine's kernels use: "AVX-512", "AVX2" or "scalar".
func Kernels() string { return available()[0].name }
