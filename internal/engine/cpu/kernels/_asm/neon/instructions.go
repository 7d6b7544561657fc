package main

import "fmt"

// v is a vector register by its number.
type v int

func (r v) floats() string { return fmt.Sprintf("V%d.S4", r) }
func (r v) bits() string   { return fmt.Sprintf("V%d.B16", r) }

// x is a general register by its number. Those from 18 on that Go reserves are not used: 18, 27 (the assembler's own),
// 28 to 30.
type x int

func (r x) String() string { return fmt.Sprintf("R%d", int(r)) }

// word writes an instruction that Go's assembler does not know.
func (a *assembler) word(code uint32, format string, arguments ...any) {
	a.line("WORD $0x%08x // %s", code, fmt.Sprintf(format, arguments...))
}

// three writes an instruction on three registers of floats: to = f(n, m).
func (a *assembler) three(code uint32, name string, m, n, to v) {
	a.word(code|uint32(m)<<16|uint32(n)<<5|uint32(to), "%s v%d.4s, v%d.4s, v%d.4s", name, to, n, m)
}

func (a *assembler) add(m, n, to v)      { a.three(0x4e20d400, "fadd", m, n, to) }
func (a *assembler) subtract(m, n, to v) { a.three(0x4ea0d400, "fsub", m, n, to) } // n - m
func (a *assembler) multiply(m, n, to v) { a.three(0x6e20dc00, "fmul", m, n, to) }
func (a *assembler) divide(m, n, to v)   { a.three(0x6e20fc00, "fdiv", m, n, to) } // n / m
func (a *assembler) maximum(m, n, to v)  { a.three(0x4e20f400, "fmax", m, n, to) } // NaN if either is
func (a *assembler) minimum(m, n, to v)  { a.three(0x4ea0f400, "fmin", m, n, to) }
func (a *assembler) addPairs(m, n, to v) { a.three(0x6e20d400, "faddp", m, n, to) } // n's two sums of neighbours, then m's
func (a *assembler) greater(m, n, to v)  { a.three(0x6ea0e400, "fcmgt", m, n, to) } // ones where n > m
func (a *assembler) equal(m, n, to v)    { a.three(0x4e20e400, "fcmeq", m, n, to) }

// positive sets the lanes of to to ones where n > 0.
func (a *assembler) positive(n, to v) {
	a.word(0x4ea0c800|uint32(n)<<5|uint32(to), "fcmgt v%d.4s, v%d.4s, #0.0", to, n)
}

// notPositive sets the lanes of to to ones where n <= 0.
func (a *assembler) notPositive(n, to v) {
	a.word(0x6ea0d800|uint32(n)<<5|uint32(to), "fcmle v%d.4s, v%d.4s, #0.0", to, n)
}

func (a *assembler) absolute(n, to v) {
	a.word(0x4ea0f800|uint32(n)<<5|uint32(to), "fabs v%d.4s, v%d.4s", to, n)
}

func (a *assembler) negate(n, to v) {
	a.word(0x6ea0f800|uint32(n)<<5|uint32(to), "fneg v%d.4s, v%d.4s", to, n)
}

// without is n where m is 0, bit by bit.
func (a *assembler) without(m, n, to v) {
	a.word(0x4e601c00|uint32(m)<<16|uint32(n)<<5|uint32(to), "bic v%d.16b, v%d.16b, v%d.16b", to, n, m)
}

// multiplyAdd adds m·n to sum.
func (a *assembler) multiplyAdd(m, n, sum v) {
	a.line("VFMLA %s, %s, %s", m.floats(), n.floats(), sum.floats())
}

// multiplyAddLane adds a lane of m, times n, to sum.
func (a *assembler) multiplyAddLane(m v, lane int, n, sum v) {
	code := uint32(0x4f801000) | uint32(lane&1)<<21 | uint32(m)<<16 | uint32(lane>>1)<<11 | uint32(n)<<5 | uint32(sum)
	a.word(code, "fmla v%d.4s, v%d.4s, v%d.s[%d]", sum, n, m, lane)
}

func (a *assembler) and(m, n, to v) { a.line("VAND %s, %s, %s", m.bits(), n.bits(), to.bits()) }

func (a *assembler) exclusiveOr(m, n, to v) {
	a.line("VEOR %s, %s, %s", m.bits(), n.bits(), to.bits())
}

// insert sets to to n where the bits of mask are ones.
func (a *assembler) insert(mask, n, to v) {
	a.line("VBIT %s, %s, %s", mask.bits(), n.bits(), to.bits())
}

func (a *assembler) move(from, to v) { a.line("VMOV %s, %s", from.bits(), to.bits()) }
func (a *assembler) zero(to v)       { a.exclusiveOr(to, to, to) }
func (a *assembler) ones(to v)       { a.line("VMOVI $255, %s", to.bits()) }

// shiftLeft and addIntegers treat lanes as integers.
func (a *assembler) shiftLeft(by int, n, to v) {
	a.line("VSHL $%d, %s, %s", by, n.floats(), to.floats())
}
func (a *assembler) addIntegers(m, n, to v) {
	a.line("VADD %s, %s, %s", m.floats(), n.floats(), to.floats())
}

// spread sets all lanes of to to the first one of n.
func (a *assembler) spread(n, to v) { a.line("VDUP V%d.S[0], %s", n, to.floats()) }

func (a *assembler) load(base x, offset int, to v) { a.line("FMOVQ %d(%v), F%d", offset, base, to) }
func (a *assembler) store(from v, base x, offset int) {
	a.line("FMOVQ F%d, %d(%v)", from, offset, base)
}

// loadVector loads a vector into four registers from to on.
func (a *assembler) loadVector(base x, offset int, to v) {
	a.line("FLDPQ %d(%v), (F%d, F%d)", offset, base, to, to+1)
	a.line("FLDPQ %d(%v), (F%d, F%d)", offset+2*registerBytes, base, to+2, to+3)
}

func (a *assembler) storeVector(from v, base x, offset int) {
	a.line("FSTPQ (F%d, F%d), %d(%v)", from, from+1, offset, base)
	a.line("FSTPQ (F%d, F%d), %d(%v)", from+2, from+3, offset+2*registerBytes, base)
}

// repeat writes body in a loop over a number of turns that is in a register, which counts down to 0. There may be none.
func (a *assembler) repeat(name string, turns x, body func()) {
	a.line("CBZ %v, %sEnd", turns, name)
	a.label(name)
	body()
	a.line("SUBS $1, %v, %v", turns, turns)
	a.line("BNE %s", name)
	a.label(name + "End")
}
