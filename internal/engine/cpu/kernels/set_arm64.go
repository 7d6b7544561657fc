package kernels

//go:generate go -C _asm run ./neon ..

// Available lists the sets of kernels that run on this machine, the fastest first. Every arm64 processor has NEON.
func Available() []*Set { return []*Set{&neon, &scalar} }

// neon are the kernels for NEON: a vector is four registers.
var neon = Set{
	Name:                  "NEON",
	Lanes:                 lanes,
	WideTile:              wideTile,
	NarrowTile:            narrowTile,
	Taps:                  correlateTaps,
	Convolve:              convolveNEON,
	Correlate:             correlateNEON,
	ChannelBlocks:         1,
	ConvolveChannels:      convolveChannelsNEON,
	Transpose:             transposeNEON,
	Moments:               momentsNEON,
	Affine:                affineNEON,
	AffineSums:            affineSumsNEON,
	AffineBackward:        affineBackwardNEON,
	MaxPool:               maxPoolNEON,
	MaxPoolBackward:       maxPoolBackwardNEON,
	MaxPoolAffineBackward: maxPoolAffineBackwardNEON,
	WinogradChannels:      8,
	Winograd: Winograd{
		Input:          transformInputNEON,
		Output:         transformOutputNEON,
		OutputGradient: transformOutputGradientNEON,
		Filter:         transformFilterNEON,
		FilterGradient: transformFilterGradientNEON,
	},
}
