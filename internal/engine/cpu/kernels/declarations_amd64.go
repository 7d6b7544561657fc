package kernels

// The kernels in assembly do what the fields of [Set] of the same names are said to do, and read and write nothing
// else. The register plans are explained where they are made, in _asm/x86.

//go:noescape
func convolveAVX512(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool)

//go:noescape
func convolveChannelsAVX512(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool)

//go:noescape
func correlateAVX512(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []Segment, channels, pixels int)

//go:noescape
func transposeAVX512(y []float32, yRow int, x []float32, xRow int)

//go:noescape
func momentsAVX512(sum, squares, x []float32, r Rows)

//go:noescape
func affineAVX512(y, x []float32, r Rows, a *Affine)

//go:noescape
func affineSumsAVX512(sum, product, dy, x []float32, r Rows, a *AffineGradient)

//go:noescape
func affineBackwardAVX512(dy, x []float32, r Rows, a *AffineGradient)

//go:noescape
func maxPoolAVX512(y, x []float32, w Window)

//go:noescape
func maxPoolBackwardAVX512(dy, x []float32, w Window)

//go:noescape
func maxPoolAffineBackwardAVX512(dy, x []float32, w Window, a *AffineGradient)

//go:noescape
func transformInputAVX512(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformOutputAVX512(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformOutputGradientAVX512(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformFilterAVX512(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformFilterGradientAVX512(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func convolveAVX2(y []float32, channel, yPixel int, x []float32, xPixel int, offsets []int, weights []float32, channels, pixels int, add bool)

//go:noescape
func convolveChannelsAVX2(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool)

//go:noescape
func correlateAVX2(sums []float32, dy []float32, channel int, x []float32, xPixel int, offsets []int, segments []Segment, channels, pixels int)

//go:noescape
func transposeAVX2(y []float32, yRow int, x []float32, xRow int)

//go:noescape
func momentsAVX2(sum, squares, x []float32, r Rows)

//go:noescape
func affineAVX2(y, x []float32, r Rows, a *Affine)

//go:noescape
func affineSumsAVX2(sum, product, dy, x []float32, r Rows, a *AffineGradient)

//go:noescape
func affineBackwardAVX2(dy, x []float32, r Rows, a *AffineGradient)

//go:noescape
func maxPoolAVX2(y, x []float32, w Window)

//go:noescape
func maxPoolBackwardAVX2(dy, x []float32, w Window)

//go:noescape
func maxPoolAffineBackwardAVX2(dy, x []float32, w Window, a *AffineGradient)

//go:noescape
func transformInputAVX2(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformOutputAVX2(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformOutputGradientAVX2(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformFilterAVX2(y []float32, to Grid, x []float32, from Grid, count int)

//go:noescape
func transformFilterGradientAVX2(y []float32, to Grid, x []float32, from Grid, count int)
