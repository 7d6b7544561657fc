package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// The general registers of the kernels that go through rows of vectors.
const (
	rowCount, rowStride, rowVectors x = 0, 1, 2
	vectorsLeft                     x = 3
	rowStart                        x = 4 // of up to two slices
	vectorAt                        x = 6 // in each of them
	coefficients                    x = 8 // the address of an affine, or affineGradient
	constants                       x = 9 // of the package variable wide
	alphaAt, inverseAt              x = 10, 11
	resultAt                        x = 12
)

// eachVector writes body for the vectors of rows in the given slices, whose addresses are then in the registers from
// vectorAt on.
func (a *assembler) eachVector(name string, slices []string, body func()) {
	a.param("r_Count", rowCount.String())
	a.bytes("r_Stride", rowStride.String())
	a.param("r_Length", rowVectors.String())
	a.line("LSR $4, %v, %v", rowVectors, rowVectors) // a vector is 16 floats
	for i, s := range slices {
		a.param(s+"_base", (rowStart + x(i)).String())
	}
	a.repeat(name+"Row", rowCount, func() {
		for i := range slices {
			a.line("MOVD %v, %v", rowStart+x(i), vectorAt+x(i))
		}
		a.line("MOVD %v, %v", rowVectors, vectorsLeft)
		a.repeat(name+"Vector", vectorsLeft, func() {
			body()
			for i := range slices {
				a.line("ADD $%d, %v", layout.VectorBytes, vectorAt+x(i))
			}
		})
		for i := range slices {
			a.line("ADD %v, %v", rowStride, rowStart+x(i))
		}
	})
}

// clearVector sets the four registers from to on to zeros.
func (a *assembler) clearVector(to v) {
	for q := range v(quarters) {
		a.zero(to + q)
	}
}

// storeResult writes the vector in four registers to the start of a slice.
func (a *assembler) storeResult(from v, slice string) {
	a.param(slice+"_base", resultAt.String())
	a.storeVector(from, resultAt, 0)
}

// pool are the vector registers that hold nothing.
type pool struct{ free []v }

func (p *pool) take() v {
	if len(p.free) == 0 {
		panic("no register left")
	}
	r := p.free[0]
	p.free = p.free[1:]
	return r
}

func (p *pool) give(registers ...v) { p.free = append(p.free, registers...) }

// registers are those from first to last.
func registers(first, last v) []v {
	var list []v
	for r := first; r <= last; r++ {
		list = append(list, r)
	}
	return list
}
