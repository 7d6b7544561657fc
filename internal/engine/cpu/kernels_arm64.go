package cpu

//go:generate go -C _asm run ./neon ..

// available lists the kernels that run on this machine, the fastest first. Every arm64 processor has NEON.
func available() []*kernels { return []*kernels{&neon, &scalar} }

// neon are the kernels for NEON: a vector is four registers.
var neon = kernels{
	name:            "NEON",
	convolve:        convolveNEON,
	correlate:       correlateNEON,
	moments:         momentsNEON,
	affine:          affineNEON,
	affineSums:      affineSumsNEON,
	affineBackward:  affineBackwardNEON,
	maxPool:         maxPoolNEON,
	maxPoolBackward: maxPoolBackwardNEON,
}
