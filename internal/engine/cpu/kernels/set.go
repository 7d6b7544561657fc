package kernels

// Set are the kernels of one instruction set, and the sizes that they are made for. Slices start at the element of the
// first row, channel and pixel concerned; a vector is the Lanes images of one pixel.
//
// Kernels in assembly read and write without bounds checks, and do it for exactly the elements that the formulas here
// name. Whoever calls them keeps those inside of their slices.
type Set struct {
	// Name is the instruction set: "AVX-512", "AVX2", "NEON" or "scalar".
	Name string

	// Lanes is the length of a vector, at most MaxLanes.
	Lanes int

	// WideTile and NarrowTile are the numbers of channels that Convolve and Correlate compute at a time: what fits the
	// registers beside its operands.
	WideTile, NarrowTile int

	// Taps is how many taps of a filter Correlate takes at a time.
	Taps int

	// Convolve computes a tile of channels, WideTile or NarrowTile, for pixels in a row:
	//
	//	y[m*channel + p*yPixel + lane] = Σk weights[k*channels + m] · x[offsets[k] + p*xPixel + lane]
	//
	// for m < channels, p < pixels and the lanes, or adds that to y. The sums are taken in the order of k, from
	// y's value if it is added to.
	Convolve func(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool)

	// ConvolveChannels is Convolve for one image, with as many channels of a pixel in a vector: it computes blocks of
	// channels, at most ChannelBlocks, for pixels side by side:
	//
	//	y[b*block + p*Lanes + lane] = Σk weights[(k*blocks + b)*Lanes + lane] · x[offsets[k] + p*Lanes]
	//
	// for b < blocks, p < pixels and the lanes, or adds that to y.
	ConvolveChannels func(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool)
	ChannelBlocks    int

	// Correlate adds to the numbers sums[j*channels + m], for a tile of channels and j < Taps:
	//
	//	Σs Σp Σlane dy[m*channel + s.Dy + p*Lanes + lane] · x[offsets[j] + s.X + p*xPixel + lane]
	//
	// over the segments s, p < pixels and the lanes. There is at least one pixel.
	Correlate func(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []Segment, channels, pixels int)

	// Transpose sets y[j*yRow + i] = x[i*xRow + j] for i, j < Lanes.
	Transpose func(y []float32, yRow int, x []float32, xRow int)

	// Moments sets the vectors sum and squares to the sum of the vectors of x, and of the squares of
	// their differences from their mean.
	Moments func(sum, squares, x []float32, r Rows)

	// Affine sets y = f(gain·x + shift). NaN stays, so that a run that diverges shows in its loss. y and x
	// have the same rows, and may be the same.
	Affine func(y, x []float32, r Rows, a *Affine)

	// AffineSums sets the vectors sum and product to the sums of d and of d·(x-mean), where
	// d = dy·f'(gain·x + shift) is the gradient before the activation.
	AffineSums func(sum, product, dy, x []float32, r Rows, a *AffineGradient)

	// AffineBackward replaces x by gain·d + xGain·x + constant, with d as in AffineSums.
	AffineBackward func(dy, x []float32, r Rows, a *AffineGradient)

	// MaxPool sets the vectors of y to the maxima of as many windows side by side in x. NaN is a maximum where it comes
	// first, and none elsewhere.
	MaxPool func(y, x []float32, w Window)

	// MaxPoolBackward replaces x by its gradient: that of each window goes to its first maximum in
	// row-major order, which is the greatest value, whatever Least is. A window with NaN may have none.
	MaxPoolBackward func(dy, x []float32, w Window)

	// MaxPoolAffineBackward replaces x by xGain·x + constant, but the first maximum of each window by dy. A window with
	// NaN may have none.
	MaxPoolAffineBackward func(dy, x []float32, w Window, a *AffineGradient)

	// Winograd are transforms of tiles of images and of filters. WinogradChannels is from about how many channels
	// on, of input and output, a convolution gains by them where there are many tiles, and all are full.
	Winograd         Winograd
	WinogradChannels int
}

// Rows is a number of rows in a slice, the first at its start and each stride elements after the one before. Length is
// a multiple of the lanes.
type Rows struct{ Count, Length, Stride int }

// Window is a rectangle of pixels in rows that are Stride elements apart. Its maximum is the least value if Least is set,
// and otherwise the greatest.
type Window struct {
	Height, Width, Stride int
	Least                 bool
}

// Segment is one row of pixels: where it starts in a gradient and in the input.
type Segment struct{ Dy, X int }

// MaxLanes is the most lanes that a vector has.
const MaxLanes = 16

// Vector is a number for each lane. Sets with fewer lanes use the first.
type Vector = [MaxLanes]float32

// Fill is a vector of equal numbers.
func Fill(value float32) (v Vector) {
	for lane := range v {
		v[lane] = value
	}
	return v
}

// Affine are the coefficients of F(Gain·x + Shift). The assembly knows where its fields are, and those of
// AffineGradient: the generators have their offsets, and TestLayouts holds them.
type Affine struct {
	Gain, Shift Vector
	F           Activation
}

// AffineGradient are the coefficients of the gradient of a normalised channel.
type AffineGradient struct {
	Affine
	Mean, XGain, Constant Vector
}

// The sizes of all sets here.
const (
	lanes         = 16 // the floats of a register of AVX-512
	wideTile      = 6
	narrowTile    = 4
	correlateTaps = 4
)
