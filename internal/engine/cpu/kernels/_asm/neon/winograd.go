package main

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/winograd"
)

// The general registers of the transforms.
const (
	sourceAt, targetAt, matricesLeft x = 0, 1, 2
	sourceRow, sourceColumn          x = 3, 4
	targetRow, targetColumn          x = 5, 6
	sourceStep, targetStep           x = 7, 8
	halfAt                           x = 9 // the memory between the two products
	quartersLeft                     x = 10
	sourceQuarter, targetQuarter     x = 11, 12
	lineAt, elementAt                x = 13, 14
	number                           x = 15
)

// transform multiplies the columns of each matrix by T, into memory of its own, and then the rows of what is there, for
// one quarter of the lanes after the other. A column, or a row, is in registers as a whole.
func (a *assembler) transform(t winograd.Transform) {
	size := t.To * t.From * registerBytes
	a.functionWithMemory(t.Name, size, argument{"y", "slice"}, argument{"to", "grid"}, argument{"x", "slice"}, argument{"from", "grid"}, argument{"count", "word"})
	a.line("MOVD $half-%d(SP), %v", size, halfAt)
	a.param("x_base", sourceAt.String())
	a.param("y_base", targetAt.String())
	a.param("count", matricesLeft.String())
	for _, f := range []struct {
		name string
		to   x
	}{
		{"from_Row", sourceRow}, {"from_Column", sourceColumn}, {"from_Step", sourceStep},
		{"to_Row", targetRow}, {"to_Column", targetColumn}, {"to_Step", targetStep},
	} {
		a.bytes(f.name, f.to.String())
	}
	free := &pool{free: registers(0, 31)}
	factors := map[float64]v{}
	for _, f := range t.Factors() {
		factors[f] = free.take()
		a.line("MOVW $%d, %v", int32(math.Float32bits(float32(f))), number)
		a.line("VDUP %v, %s", number, factors[f].floats())
	}
	a.repeat("matrix", matricesLeft, func() {
		a.line("MOVD %v, %v", sourceAt, sourceQuarter)
		a.line("MOVD %v, %v", targetAt, targetQuarter)
		a.line("MOVD $%d, %v", quarters, quartersLeft)
		a.repeat("quarter", quartersLeft, func() {
			a.line("MOVD %v, %v", sourceQuarter, lineAt)
			for j := range t.From {
				a.line("MOVD %v, %v", lineAt, elementAt)
				var in []v
				for i := range t.From {
					in = append(in, free.take())
					a.load(elementAt, 0, in[i])
					if i+1 < t.From {
						a.line("ADD %v, %v", sourceRow, elementAt)
					}
				}
				out := a.steps(t, in, factors, free)
				for i, r := range out {
					a.store(r, halfAt, (i*t.From+j)*registerBytes)
				}
				free.give(out...)
				a.line("ADD %v, %v", sourceColumn, lineAt)
			}
			a.line("MOVD %v, %v", targetQuarter, lineAt)
			for i := range t.To {
				var in []v
				for j := range t.From {
					in = append(in, free.take())
					a.load(halfAt, (i*t.From+j)*registerBytes, in[j])
				}
				out := a.steps(t, in, factors, free)
				a.line("MOVD %v, %v", lineAt, elementAt)
				for j, r := range out {
					a.store(r, elementAt, 0)
					if j+1 < t.To {
						a.line("ADD %v, %v", targetColumn, elementAt)
					}
				}
				free.give(out...)
				a.line("ADD %v, %v", targetRow, lineAt)
			}
			a.line("ADD $%d, %v", registerBytes, sourceQuarter)
			a.line("ADD $%d, %v", registerBytes, targetQuarter)
		})
		a.line("ADD %v, %v", sourceStep, sourceAt)
		a.line("ADD %v, %v", targetStep, targetAt)
	})
	a.line("RET")
}

// steps is a transform of a column, or a row, whose registers are used up.
func (a *assembler) steps(t winograd.Transform, in []v, factors map[float64]v, free *pool) []v {
	values := map[string]v{}
	for i, r := range in {
		values[fmt.Sprintf("x%d", i)] = r
	}
	for i, s := range t.Steps {
		times, add := values[s.Times], values[s.Add]
		f, _ := s.Register()
		factor := factors[f]
		to := free.take()
		switch {
		case s.Add == "" && s.Factor == 1:
			a.move(times, to)
		case s.Add == "":
			a.multiply(factor, times, to)
		case s.Factor == 1:
			a.add(times, add, to)
		case s.Factor == -1:
			a.subtract(times, add, to)
		default:
			a.move(add, to)
			instruction := "VFMLA"
			if s.Factor < 0 {
				instruction = "VFMLS"
			}
			a.line("%s %s, %s, %s", instruction, factor.floats(), times.floats(), to.floats())
		}
		values[s.To] = to
		for _, name := range []string{s.Add, s.Times} {
			if name != "" && t.Last(i, name) {
				free.give(values[name])
			}
		}
	}
	out := make([]v, t.To)
	for i := range out {
		out[i] = values[fmt.Sprintf("y%d", i)]
	}
	return out
}
