package kernels

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"
)

// memory is where a test puts the operands of a kernel, to see what else the kernel touches: each in pages of its own,
// between pages that fault where the platform has them, once at the first byte and once at the last. The bytes beside
// it are poison and have to stay.
type memory struct {
	t        *testing.T
	operands []*operand
	// used is how many operands the running call has, and atEnd whether they end with their pages.
	used  int
	atEnd bool
}

// operand is one operand's pages.
type operand struct {
	pages []byte
	// compare says how what the operand holds differs from what it should.
	compare func() error
}

const (
	// operandSize is more bytes than any operand has.
	operandSize = 1 << 16
	// margin is how many bytes beside an operand are poison.
	margin = 1 << 10
	// poison is a NaN that no computation makes of numbers. Those of operands differ in the lowest bits.
	poison = 0x7fc0de00
)

// check runs call, which places operands and passes them to a kernel, and fails unless they hold what they should.
func (m *memory) check(name string, call func()) {
	m.t.Helper()
	for _, m.atEnd = range []bool{false, true} {
		m.used = 0
		err := withoutFault(call)
		for _, o := range m.operands[:m.used] {
			if err == nil {
				err = o.compare()
			}
		}
		if err != nil {
			m.t.Fatalf("%s: %v", name, err)
		}
	}
}

// withoutFault turns a panic of call, also by a fault, into an error.
func withoutFault(call func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	call()
	return nil
}

// place puts an operand into memory, with values before a call, and wants others after it.
func place[T comparable](m *memory, name string, before, after []T) []T {
	if m.used == len(m.operands) {
		m.operands = append(m.operands, &operand{pages: guardedPages(m.t, operandSize)})
	}
	o, own := m.operands[m.used], poison+uint32(m.used)
	m.used++
	size, start := len(before)*int(unsafe.Sizeof(*new(T))), 0
	if m.atEnd {
		start = len(o.pages) - size
	}
	values := viewed[T](o.pages[start:], len(before))
	beside := [][]uint32{
		viewed[uint32](o.pages[max(0, start-margin):], min(margin, start)/4),
		viewed[uint32](o.pages[start+size:], min(margin, len(o.pages)-start-size)/4),
	}
	for _, words := range beside {
		for i := range words {
			words[i] = own
		}
	}
	copy(values, before)
	// Each operand has a poison of its own: that of x does not pass for that of y.
	words := viewed[uint32](o.pages[start:], size/4)
	for i, v := range words {
		if v == poison {
			words[i] = own
		}
	}
	o.compare = func() error {
		for i, want := range after {
			if !same(values[i], want, own) {
				return fmt.Errorf("%s[%d] of %d is %v, want %v", name, i, len(after), values[i], want)
			}
		}
		for i, side := range []string{"before", "after"} {
			if slices.ContainsFunc(beside[i], func(v uint32) bool { return v != own }) {
				return fmt.Errorf("the memory %s %s has changed", side, name)
			}
		}
		return nil
	}
	return values
}

// viewed is memory as n values.
func viewed[T any](memory []byte, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(memory))), n)
}

// poisoned is n elements that a kernel has no business with, until they are set.
func poisoned(n int) []float32 {
	return slices.Repeat([]float32{math.Float32frombits(poison)}, n)
}

// same reports whether a kernel's value is the one wanted. Numbers may differ by rounding; where poison is wanted, it
// is the operand's own.
func same[T comparable](got, want T, own uint32) bool {
	g, ok := any(got).(float32)
	if !ok {
		return got == want
	}
	w := any(want).(float32)
	switch {
	case math.Float32bits(w) == poison:
		return math.Float32bits(g) == own
	case w != w:
		return g != g
	}
	return math.Abs(float64(g)-float64(w)) <= 1e-5*max(1, math.Abs(float64(w)))
}
