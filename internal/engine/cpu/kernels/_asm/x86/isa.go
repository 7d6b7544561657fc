package main

import (
	"fmt"
	"regexp"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"
)

// isa is an instruction set.
type isa struct {
	name, file string
	// floats is how many a register holds: a vector is one register of AVX-512 and two of AVX2.
	floats int
	// missing matches the registers that avo may take, since other instruction sets have them, and this one lacks.
	missing *regexp.Regexp
}

// parts is the number of registers of a vector.
func (i isa) parts() int { return layout.Lanes / i.floats }

// assembler writes the kernels of an instruction set.
type assembler struct {
	*build.Context
	isa
}

// vec is a new register of floats.
func (a *assembler) vec() reg.VecVirtual {
	if a.floats == layout.Lanes {
		return a.ZMM()
	}
	return a.YMM()
}

// vecs are n of them.
func (a *assembler) vecs(n int) []reg.VecVirtual {
	list := make([]reg.VecVirtual, n)
	for i := range list {
		list[i] = a.vec()
	}
	return list
}

// zero is a new register of zeros.
func (a *assembler) zero() reg.VecVirtual {
	v := a.vec()
	a.clear(v)
	return v
}

// clear sets a register to zeros.
func (a *assembler) clear(v reg.VecVirtual) {
	if a.floats != layout.Lanes {
		a.VXORPS(v, v, v)
		return
	}
	x, err := x86.VPXORD(v, v, v)
	if err != nil {
		panic(err)
	}
	// Unlike that of VXORPS, avo's description of VPXORD does not say that what was in the register does not matter.
	x.CancellingInputs = true
	a.Instruction(x)
}

// load is a new register with the floats at an address.
func (a *assembler) load(from operand.Op) reg.VecVirtual {
	v := a.vec()
	a.VMOVUPS(from, v)
	return v
}

// param is a new register with an argument.
func (a *assembler) param(name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(name), r)
	return r
}

// base is a new register with the address of a slice.
func (a *assembler) base(name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(name).Base(), r)
	return r
}

// bytes is a new register with an argument in elements, as a distance in bytes.
func (a *assembler) bytes(name string) reg.GPVirtual {
	r := a.param(name)
	a.SHLQ(operand.Imm(2), r)
	return r
}

// copyOf is a new register with the value of another.
func (a *assembler) copyOf(r reg.Register) reg.GPVirtual {
	c := a.GP64()
	a.MOVQ(r, c)
	return c
}

// address is the memory at a register.
func address(base reg.Register, displacement int) operand.Mem {
	return operand.Mem{Base: base, Disp: displacement}
}

// indexed is the memory at a register, and another one times a scale further.
func indexed(base, index reg.Register, scale uint8, displacement int) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: scale, Disp: displacement}
}

// condition is what a comparison says of each lane.
type condition struct{ mask reg.Register }

// Predicates of VCMPPS. Of NaN the last alone is true.
const (
	equal          = 0x00
	greater        = 0x1e
	notLessOrEqual = 0x16
)

// compare is the condition that v stands to another register as the predicate says.
func (a *assembler) compare(predicate uint8, v, to reg.VecVirtual) condition {
	if a.floats == layout.Lanes {
		k := a.K()
		a.VCMPPS(operand.Imm(uint64(predicate)), to, v, k)
		return condition{k}
	}
	m := a.YMM()
	a.VCMPPS(operand.Imm(uint64(predicate)), to, v, m)
	return condition{m}
}

// choose is a new register with yes in the lanes where the condition holds, and no in the others.
func (a *assembler) choose(c condition, yes, no reg.VecVirtual) reg.VecVirtual {
	v := a.vec()
	if a.floats == layout.Lanes {
		a.VBLENDMPS(yes, no, c.mask, v)
	} else {
		a.VBLENDVPS(c.mask, yes, no, v)
	}
	return v
}

// keep is a new register with v in the lanes where the condition holds, and 0 in the others.
func (a *assembler) keep(c condition, v reg.VecVirtual) reg.VecVirtual {
	kept := a.vec()
	if a.floats == layout.Lanes {
		a.VMOVAPS_Z(v, c.mask, kept)
	} else {
		a.VANDPS(c.mask, v, kept)
	}
	return kept
}

// always is a condition that holds in all lanes.
func (a *assembler) always() condition {
	if a.floats == layout.Lanes {
		k := a.K()
		a.KXNORW(k, k, k)
		return condition{k}
	}
	m := a.YMM()
	a.VPCMPEQD(m, m, m)
	return condition{m}
}

// both is the condition that two others hold.
func (a *assembler) both(c, d condition) condition {
	if a.floats == layout.Lanes {
		k := a.K()
		a.KANDW(c.mask, d.mask, k)
		return condition{k}
	}
	m := a.YMM()
	a.VANDPS(c.mask, d.mask, m)
	return condition{m}
}

// exclude has a condition hold no more where another does.
func (a *assembler) exclude(c, other condition) {
	if a.floats == layout.Lanes {
		a.KANDNW(c.mask, other.mask, c.mask)
	} else {
		a.VANDNPS(c.mask, other.mask, c.mask)
	}
}

// repeat writes body, in a loop over a number of turns that is in a register, which counts down to 0. There may be
// none.
func (a *assembler) repeat(label string, turns reg.GPVirtual, body func()) {
	a.TESTQ(turns, turns)
	a.JZ(operand.LabelRef(label + "End"))
	a.Label(label)
	body()
	a.DECQ(turns)
	a.JNZ(operand.LabelRef(label))
	a.Label(label + "End")
}

// label is a name for a place in a kernel.
func label(format string, arguments ...any) string { return fmt.Sprintf(format, arguments...) }
