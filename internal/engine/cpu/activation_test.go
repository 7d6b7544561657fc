package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// activationTests are the activations with values and slopes in float64.
var activationTests = []struct {
	layer        layers.Layer
	value, slope func(x float64) float64
}{
	{layers.ReLU{}, func(x float64) float64 { return max(x, 0) }, func(x float64) float64 {
		if x > 0 {
			return 1
		}
		return 0
	}},
	celuTest(1), celuTest(0.3), celuTest(0.01), celuTest(20),
	{layers.GELU{}, func(x float64) float64 {
		if x < -40 {
			return 0
		}
		return x * math.Erfc(-x/math.Sqrt2) / 2
	}, func(x float64) float64 {
		x = min(max(x, -40), 40)
		return math.Erfc(-x/math.Sqrt2)/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	}},
}

func celuTest(alpha float64) (test struct {
	layer        layers.Layer
	value, slope func(x float64) float64
}) {
	test.layer = layers.CELU{Alpha: alpha}
	test.value = func(x float64) float64 { return max(x, 0) + alpha*math.Expm1(min(x, 0)/alpha) }
	test.slope = func(x float64) float64 { return math.Exp(min(x, 0) / alpha) }
	return test
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
	for _, k := range available() {
		for _, tt := range activationTests {
			t.Run(fmt.Sprintf("%s/%v", k.name, tt.layer), func(t *testing.T) {
				values, slopes := activated(k, tt.layer, inputs)
				for i, x := range inputs {
					checkNear(t, "value", x, values[i], tt.value(float64(x)))
					checkNear(t, "slope", x, slopes[i], tt.slope(float64(x)))
				}
				inf, nan := float32(math.Inf(1)), float32(math.NaN())
				values, _ = activated(k, tt.layer, []float32{inf, -inf, nan})
				checkNear(t, "value", inf, values[0], math.Inf(1))
				checkNear(t, "value", -inf, values[1], tt.value(-math.MaxFloat32))
				if values[2] == values[2] {
					t.Errorf("value of NaN is %g", values[2])
				}
			})
		}
	}
}

// activated are an activation's values and slopes, as its kernels compute them in a norm.
func activated(k *kernels, l layers.Layer, inputs []float32) (values, slopes []float32) {
	f, _ := activationOf(l)
	in := newTensor(data.Shape{Height: 1, Width: ceilDiv(len(inputs), lanes), Channels: 1}, lanes)
	x, y := in.plane(0, 0), make([]float32, in.channel)
	copy(x, inputs)
	k.affine(y, x, in.rows(), &affine{gain: fill(1), f: f})
	values = append(values, y[:len(inputs)]...)
	for i := range y {
		y[i] = 1
	}
	k.affineBackward(y, x, in.rows(), &affineGradient{affine: affine{gain: fill(1), f: f}})
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
	f := layers.CELU{Alpha: 1}
	var inputs []float32
	for x := float32(-1e-30); x > exponentLow; x *= 1.001 {
		inputs = append(inputs, x)
	}
	for _, k := range available() {
		t.Run(k.name, func(t *testing.T) {
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

// BenchmarkNormKernels is what a norm and its activation do to 32x32 pixels.
func BenchmarkNormKernels(b *testing.B) {
	in := newTensor(data.Shape{Height: 32, Width: 32, Channels: 1}, lanes)
	x, y := in.plane(0, 0), make([]float32, in.channel)
	var sum, product vector
	for _, k := range available() {
		for _, l := range []layers.Layer{layers.Scale{}, layers.ReLU{}, layers.CELU{Alpha: 0.3}, layers.GELU{}} {
			f, _ := activationOf(l)
			a := affineGradient{affine: affine{gain: fill(0.9), shift: fill(0.1), f: f}, mean: fill(0.2), constant: fill(0.1)}
			for _, kernel := range []struct {
				name string
				run  func()
			}{
				{"affine", func() { k.affine(y, x, in.rows(), &a.affine) }},
				{"affineSums", func() { k.affineSums(sum[:], product[:], y, x, in.rows(), &a) }},
				{"affineBackward", func() { k.affineBackward(y, x, in.rows(), &a) }},
			} {
				b.Run(fmt.Sprintf("%s/%v/%s", k.name, l, kernel.name), func(b *testing.B) {
					rng := rand.New(rand.NewPCG(1, 2))
					for i := range x {
						x[i], y[i] = 4*rng.Float32()-2, 2*rng.Float32()-1
					}
					for b.Loop() {
						kernel.run()
					}
					elements := float64(in.shape.Size() * lanes * b.N)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/elements, "ns/element")
				})
			}
		}
	}
}
