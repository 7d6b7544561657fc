package main

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/layout"

// moments has the sums in V0 to V3, the means in V8 to V11 and the squares in V12 to V15.
func (a *assembler) moments() {
	a.function("moments", argument{"sum", "slice"}, argument{"squares", "slice"}, argument{"x", "slice"}, argument{"r", "rows"})
	const sum, value, mean, squares v = 0, 4, 8, 12
	a.clearVector(sum)
	a.eachVector("sum", []string{"x"}, func() {
		a.loadVector(vectorAt, 0, value)
		for q := range v(quarters) {
			a.add(value+q, sum+q, sum+q)
		}
	})
	a.storeResult(sum, "sum")

	a.param("r_Count", rowCount.String())
	a.line("MUL %v, %v, %v", rowCount, rowVectors, rowVectors)
	a.line("SCVTFS %v, F%d", rowVectors, value)
	a.line("FMOVS $1.0, F%d", value+1)
	a.line("FDIVS F%d, F%d, F%d", value, value+1, value)
	a.spread(value, value)
	for q := range v(quarters) {
		a.multiply(value, sum+q, mean+q)
	}
	a.clearVector(squares)
	a.eachVector("square", []string{"x"}, func() {
		a.loadVector(vectorAt, 0, value)
		for q := range v(quarters) {
			a.subtract(mean+q, value+q, value+q)
			a.multiplyAdd(value+q, value+q, squares+q)
		}
	})
	a.storeResult(squares, "squares")
	a.line("RET")
}

// The registers of the kernels that go with an activation: coefficients from 16 on, sums from 8 on, and the rest for
// computing one quarter after the other.
const (
	gains, shifts          v = 16, 20
	means                  v = 24
	xGains, constantTerms  v = 24, 28
	gradientSums, products v = 8, 12
)

// eachActivation writes body once for every kind of activation, and jumps to that of the coefficients.
func (a *assembler) eachActivation(body func(kind int)) {
	a.param("a", coefficients.String())
	a.line("MOVD $·wide(SB), %v", constants)
	a.line("ADD $%d, %v, %v", layout.Alpha, coefficients, alphaAt)
	a.line("ADD $%d, %v, %v", layout.Inverse, coefficients, inverseAt)
	a.line("MOVD %d(%v), %v", layout.Kind, coefficients, resultAt)
	for k := len(layout.Kinds) - 1; k > layout.Identity; k-- {
		a.line("CMP $%d, %v", k, resultAt)
		a.line("BEQ %s", layout.Kinds[k])
	}
	for k, name := range layout.Kinds {
		if k != layout.Identity {
			a.label(name)
		}
		body(k)
		a.line("RET")
	}
}

func (a *assembler) affine() {
	a.function("affine", argument{"y", "slice"}, argument{"x", "slice"}, argument{"r", "rows"}, argument{"a", "word"})
	a.eachActivation(func(kind int) {
		a.loadVector(coefficients, layout.Gain, gains)
		a.loadVector(coefficients, layout.Shift, shifts)
		a.eachVector(layout.Kinds[kind], []string{"y", "x"}, func() {
			for q := range v(quarters) {
				f := activation{a, &pool{append(registers(0, 15), registers(24, 31)...)}, kind}
				value := f.take()
				a.load(vectorAt+1, int(q)*registerBytes, value)
				a.store(f.value(f.scaled(value, gains+q, shifts+q)), vectorAt, int(q)*registerBytes)
			}
		})
	})
}

func (a *assembler) affineSums() {
	a.function("affineSums", argument{"sum", "slice"}, argument{"product", "slice"}, argument{"dy", "slice"},
		argument{"x", "slice"}, argument{"r", "rows"}, argument{"a", "word"})
	a.eachActivation(func(kind int) {
		a.loadVector(coefficients, layout.Gain, gains)
		a.loadVector(coefficients, layout.Shift, shifts)
		a.loadVector(coefficients, layout.Mean, means)
		a.clearVector(gradientSums)
		a.clearVector(products)
		a.eachVector(layout.Kinds[kind], []string{"dy", "x"}, func() {
			for q := range v(quarters) {
				f := activation{a, &pool{append(registers(0, 7), registers(28, 31)...)}, kind}
				d, value := f.take(), f.take()
				a.load(vectorAt, int(q)*registerBytes, d)
				a.load(vectorAt+1, int(q)*registerBytes, value)
				d = f.gradient(d, value, gains+q, shifts+q)
				a.add(d, gradientSums+q, gradientSums+q)
				a.subtract(means+q, value, value)
				a.multiplyAdd(d, value, products+q)
			}
		})
		a.storeResult(gradientSums, "sum")
		a.storeResult(products, "product")
	})
}

func (a *assembler) affineBackward() {
	a.function("affineBackward", argument{"dy", "slice"}, argument{"x", "slice"}, argument{"r", "rows"}, argument{"a", "word"})
	a.eachActivation(func(kind int) {
		a.loadVector(coefficients, layout.Gain, gains)
		a.loadVector(coefficients, layout.Shift, shifts)
		a.loadVector(coefficients, layout.XGain, xGains)
		a.loadVector(coefficients, layout.Constant, constantTerms)
		a.eachVector(layout.Kinds[kind], []string{"dy", "x"}, func() {
			for q := range v(quarters) {
				f := activation{a, &pool{registers(0, 15)}, kind}
				d, value := f.take(), f.take()
				a.load(vectorAt, int(q)*registerBytes, d)
				a.load(vectorAt+1, int(q)*registerBytes, value)
				d = f.gradient(d, value, gains+q, shifts+q)
				y := f.scaled(value, xGains+q, constantTerms+q)
				a.multiplyAdd(d, gains+q, y)
				a.store(y, vectorAt+1, int(q)*registerBytes)
			}
		})
	})
}
