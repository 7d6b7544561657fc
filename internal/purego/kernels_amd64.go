//go:build goexperiment.simd && amd64

package purego

import "simd/archsimd"

// available lists the kernels that run on this machine, the fastest first.
func available() []*kernels {
	var list []*kernels
	if archsimd.X86.AVX512() {
		list = append(list, &avx512)
	}
	if archsimd.X86.AVX2() && archsimd.X86.FMA() {
		list = append(list, &avx2)
	}
	return append(list, &scalar)
}
