package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// activationTests are the activations with values and slopes in float64.
var activationTests = []struct {
	name         string
	f            Activation
	value, slope func(x float64) float64
}{
	{"identity", Activation{}, func(x float64) float64 { return x }, func(float64) float64 { return 1 }},
	{"ReLU", Activation{Kind: ReLU}, func(x float64) float64 { return max(x, 0) }, func(x float64) float64 {
		if x > 0 {
			return 1
		}
		return 0
	}},
	celuTest(1), celuTest(0.3), celuTest(0.01), celuTest(20),
	{"GELU", Activation{Kind: GELU}, func(x float64) float64 {
		if x < -40 {
			return 0
		}
		return x * math.Erfc(-x/math.Sqrt2) / 2
	}, func(x float64) float64 {
		x = min(max(x, -40), 40)
		return math.Erfc(-x/math.Sqrt2)/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	}},
	{"SiLU", Activation{Kind: SiLU}, func(x float64) float64 {
		if x < -100 {
			return 0
		}
		return x / (1 + math.Exp(-x))
	}, func(x float64) float64 {
		x = min(max(x, -100), 100)
		sigmoid := 1 / (1 + math.Exp(-x))
		return sigmoid + x*sigmoid*(1-sigmoid)
	}},
}

func celuTest(alpha float64) (test struct {
	name         string
	f            Activation
	value, slope func(x float64) float64
}) {
	test.name = fmt.Sprintf("CELU of %g", alpha)
	test.f = celuOf(alpha)
	test.value = func(x float64) float64 { return max(x, 0) + alpha*math.Expm1(min(x, 0)/alpha) }
	test.slope = func(x float64) float64 { return math.Exp(min(x, 0) / alpha) }
	return test
}

func celuOf(alpha float64) Activation {
	return Activation{Kind: CELU, Alpha: float32(alpha), Inverse: float32(1 / alpha)}
}

// TestActivations compares values and slopes over the whole range of float32 with those in float64.
func TestActivations(t *testing.T) {
	var inputs []float32
	for x := float32(-100); x < 100; x += 0.0037 {
		inputs = append(inputs, x)
	}
	for x := float32(math.SmallestNonzeroFloat32); !math.IsInf(float64(x), 0); x *= 1.7 {
		inputs = append(inputs, x, -x)
		x = max(x, 3*math.SmallestNonzeroFloat32) // below, the product would round to x
	}
	inputs = append(inputs, 0, float32(math.Copysign(0, -1)), math.MaxFloat32, -math.MaxFloat32)
	for _, k := range Available() {
		for _, tt := range activationTests {
			t.Run(fmt.Sprintf("%s/%s", k.Name, tt.name), func(t *testing.T) {
				values, slopes := activated(k, tt.f, inputs)
				for i, x := range inputs {
					checkNear(t, "value", x, values[i], tt.value(float64(x)))
					checkNear(t, "slope", x, slopes[i], tt.slope(float64(x)))
				}
				inf, nan := float32(math.Inf(1)), float32(math.NaN())
				values, _ = activated(k, tt.f, []float32{inf, -inf, nan})
				checkNear(t, "value", inf, values[0], math.Inf(1))
				checkNear(t, "value", -inf, values[1], tt.value(math.Inf(-1)))
				if values[2] == values[2] {
					t.Errorf("value of NaN is %g", values[2])
				}
			})
		}
	}
}

// activated are an activation's values and slopes, as its kernels compute them in a norm.
func activated(k *Set, f Activation, inputs []float32) (values, slopes []float32) {
	length := (len(inputs) + lanes - 1) / lanes * lanes
	r := Rows{Count: 1, Length: length, Stride: length}
	x, y := make([]float32, length), make([]float32, length)
	copy(x, inputs)
	k.Affine(y, x, r, &Affine{Gain: Fill(1), F: f})
	values = append(values, y[:len(inputs)]...)
	for i := range y {
		y[i] = 1
	}
	k.AffineBackward(y, x, r, &AffineGradient{Affine: Affine{Gain: Fill(1), F: f}})
	return values, x[:len(inputs)]
}

// checkNear fails unless got is want up to 3e-7 of it, or of 1 if it is less.
func checkNear(t *testing.T, name string, x, got float32, want float64) {
	t.Helper()
	if float64(got) == want {
		return // also if both are infinite
	}
	if d := math.Abs(float64(got) - want); !(d <= 3e-7*max(1, math.Abs(want))) {
		t.Errorf("%s of %g is %g, want %g: off by %.1e", name, x, got, want, d)
	}
}

// TestExponential wants relative precision, also of e^x-1 near 0.
func TestExponential(t *testing.T) {
	f := celuOf(1)
	var inputs []float32
	for x := float32(-1e-30); x > exponentLow; x *= 1.001 {
		inputs = append(inputs, x)
	}
	for _, k := range Available() {
		t.Run(k.Name, func(t *testing.T) {
			values, slopes := activated(k, f, inputs)
			for i, x := range inputs {
				if want := math.Exp(float64(x)); math.Abs(float64(slopes[i])-want) > 2e-7*want {
					t.Errorf("e^%g = %g, want %g", x, slopes[i], want)
				}
				if want := math.Expm1(float64(x)); math.Abs(float64(values[i])-want) > -3e-7*want {
					t.Errorf("e^%g-1 = %g, want %g", x, values[i], want)
				}
			}
		})
	}
}

// TestSmallSiLU wants relative precision where the function is small: by 0, and far below it.
func TestSmallSiLU(t *testing.T) {
	var inputs []float32
	for x := float32(1e-30); x < -exponentLow; x *= 1.001 {
		inputs = append(inputs, x, -x)
	}
	for _, k := range Available() {
		t.Run(k.Name, func(t *testing.T) {
			values, _ := activated(k, Activation{Kind: SiLU}, inputs)
			for i, x := range inputs {
				if want := float64(x) / (1 + math.Exp(-float64(x))); math.Abs(float64(values[i])-want) > 4e-7*math.Abs(want) {
					t.Errorf("SiLU of %g is %g, want %g", x, values[i], want)
				}
			}
		})
	}
}

// BenchmarkNormKernels is what a norm and its activation do to 32x32 pixels.
func BenchmarkNormKernels(b *testing.B) {
	const side = 32
	r := Rows{Count: side, Length: side * lanes, Stride: (side + 1) * lanes}
	x, y := make([]float32, r.Count*r.Stride), make([]float32, r.Count*r.Stride)
	var sum, product Vector
	for _, k := range Available() {
		for _, f := range []Activation{{}, {Kind: ReLU}, celuOf(0.3), {Kind: GELU}, {Kind: SiLU}} {
			a := AffineGradient{Affine: Affine{Gain: Fill(0.9), Shift: Fill(0.1), F: f}, Mean: Fill(0.2), Constant: Fill(0.1)}
			for _, kernel := range []struct {
				name string
				run  func()
			}{
				{"affine", func() { k.Affine(y, x, r, &a.Affine) }},
				{"affineSums", func() { k.AffineSums(sum[:], product[:], y, x, r, &a) }},
				{"affineBackward", func() { k.AffineBackward(y, x, r, &a) }},
			} {
				function := [...]string{Identity: "identity", ReLU: "ReLU", CELU: "CELU", GELU: "GELU", SiLU: "SiLU"}[f.Kind]
				b.Run(fmt.Sprintf("%s/%s/%s", k.Name, function, kernel.name), func(b *testing.B) {
					rng := rand.New(rand.NewPCG(1, 2))
					for i := range x {
						x[i], y[i] = 4*rng.Float32()-2, 2*rng.Float32()-1
					}
					for b.Loop() {
						kernel.run()
					}
					elements := float64(r.Count * r.Length * b.N)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/elements, "ns/element")
				})
			}
		}
	}
}
