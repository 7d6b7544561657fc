package cpu

import "golang.org/x/sys/cpu"

//go:generate go -C _asm run ./x86 ..

// available lists the kernels that run on this machine, the fastest first. Package cpu also asks the operating system
// whether it keeps the wide registers of a thread.
func available() []*kernels {
	var list []*kernels
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
var avx512 = kernels{
	name:            "AVX-512",
	convolve:        convolveAVX512,
	correlate:       correlateAVX512,
	moments:         momentsAVX512,
	affine:          affineAVX512,
	affineSums:      affineSumsAVX512,
	affineBackward:  affineBackwardAVX512,
	maxPool:         maxPoolAVX512,
	maxPoolBackward: maxPoolBackwardAVX512,
}

// avx2 are the kernels for AVX2 with FMA: a vector is two registers.
var avx2 = kernels{
	name:            "AVX2",
	convolve:        convolveAVX2,
	correlate:       correlateAVX2,
	moments:         momentsAVX2,
	affine:          affineAVX2,
	affineSums:      affineSumsAVX2,
	affineBackward:  affineBackwardAVX2,
	maxPool:         maxPoolAVX2,
	maxPoolBackward: maxPoolBackwardAVX2,
}
