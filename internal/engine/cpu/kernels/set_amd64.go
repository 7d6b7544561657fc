package kernels

import "golang.org/x/sys/cpu"

//go:generate go -C _asm run ./x86 ..

// Available lists the sets of kernels that run on this machine, the fastest first. Package cpu also asks the operating system
// whether it keeps the wide registers of a thread.
func Available() []*Set {
	var list []*Set
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasFMA {
		list = append(list, &avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, &avx2)
	}
	return append(list, &scalar)
}

// avx512 are the kernels for AVX-512: a vector is a register. They need AVX512F,
// and AVX512VL for shorter vectors in the registers from 16 on.
var avx512 = Set{
	Name:                  "AVX-512",
	Lanes:                 lanes,
	WideTile:              wideTile,
	NarrowTile:            narrowTile,
	Taps:                  correlateTaps,
	Convolve:              convolveAVX512,
	Correlate:             correlateAVX512,
	ChannelBlocks:         4,
	ConvolveChannels:      convolveChannelsAVX512,
	Transpose:             transposeAVX512,
	Moments:               momentsAVX512,
	Affine:                affineAVX512,
	AffineSums:            affineSumsAVX512,
	AffineBackward:        affineBackwardAVX512,
	MaxPool:               maxPoolAVX512,
	MaxPoolBackward:       maxPoolBackwardAVX512,
	MaxPoolAffineBackward: maxPoolAffineBackwardAVX512,
	WinogradChannels:      8,
	Winograd: Winograd{
		Input:          transformInputAVX512,
		Output:         transformOutputAVX512,
		OutputGradient: transformOutputGradientAVX512,
		Filter:         transformFilterAVX512,
		FilterGradient: transformFilterGradientAVX512,
	},
}

// avx2 are the kernels for AVX2 with FMA: a vector is two registers.
var avx2 = Set{
	Name:                  "AVX2",
	Lanes:                 lanes,
	WideTile:              wideTile,
	NarrowTile:            narrowTile,
	Taps:                  correlateTaps,
	Convolve:              convolveAVX2,
	Correlate:             correlateAVX2,
	ChannelBlocks:         1,
	ConvolveChannels:      convolveChannelsAVX2,
	Transpose:             transposeAVX2,
	Moments:               momentsAVX2,
	Affine:                affineAVX2,
	AffineSums:            affineSumsAVX2,
	AffineBackward:        affineBackwardAVX2,
	MaxPool:               maxPoolAVX2,
	MaxPoolBackward:       maxPoolBackwardAVX2,
	MaxPoolAffineBackward: maxPoolAffineBackwardAVX2,
	WinogradChannels:      8,
	Winograd: Winograd{
		Input:          transformInputAVX2,
		Output:         transformOutputAVX2,
		OutputGradient: transformOutputGradientAVX2,
		Filter:         transformFilterAVX2,
		FilterGradient: transformFilterGradientAVX2,
	},
}
