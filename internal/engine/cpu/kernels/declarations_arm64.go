package kernels

// The kernels in assembly do what the fields of [Set] of the same names are said to do, and read and write nothing
// else. The register plans are explained where they are made, in _asm/neon.

//go:noescape
func convolveNEON(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool)

//go:noescape
func convolveChannelsNEON(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool)

//go:noescape
func correlateNEON(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []Segment, channels, pixels int)

//go:noescape
func transposeNEON(y []float32, yRow int, x []float32, xRow int)

//go:noescape
func momentsNEON(sum, squares, x []float32, r Rows)

//go:noescape
func affineNEON(y, x []float32, r Rows, a *Affine)

//go:noescape
func affineSumsNEON(sum, product, dy, x []float32, r Rows, a *AffineGradient)

//go:noescape
func affineBackwardNEON(dy, x []float32, r Rows, a *AffineGradient)

//go:noescape
func maxPoolNEON(y, x []float32, w Window)

//go:noescape
func maxPoolBackwardNEON(dy, x []float32, w Window)

//go:noescape
func maxPoolAffineBackwardNEON(dy, x []float32, w Window, a *AffineGradient)

//go:noescape
func transformInputNEON(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformOutputNEON(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformOutputGradientNEON(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformFilterNEON(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformFilterGradientNEON(y []float32, to Grid, x []float32, from Grid, count int)
