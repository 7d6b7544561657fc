package layers_test

import (
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// The benchmarks here measure GoMLX's pure-Go backend itself, for those of internal/purego to be put
// beside.

// BenchmarkNativeConvolution is the backend's own convolution: 16x16, 16 to 32 channels, batch 8.
func BenchmarkNativeConvolution(b *testing.B) {
	const size, in, out, batch = 16, 16, 32, 8
	const work = 2 * 9 * in * out * size * size * batch
	x, w, dy := []int{batch, size, size, in}, []int{out, 3, 3, in}, []int{batch, size, size, out}
	b.Run("forward", func(b *testing.B) {
		benchmark(b, work, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{layers.Convolution(in[0], in[1], 1)}
		}, x, w)
	})
	b.Run("forward and gradients", func(b *testing.B) {
		benchmark(b, 3*work, func(in []*graph.Node) []*graph.Node {
			y := layers.Convolution(in[0], in[1], 1)
			return append(graph.Gradient(graph.ReduceAllSum(graph.Mul(y, in[2])), in[0], in[1]), y)
		}, x, w, dy)
	})
}

// BenchmarkMatMul is the backend's matrix product, of a size that a convolution has as a matrix product:
// 128 channels from 3x3 pixels of 128, for 8192 pixels.
func BenchmarkMatMul(b *testing.B) {
	benchmark(b, 2*128*1152*8192, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Dot(in[0], in[1]).Product()}
	}, []int{128, 1152}, []int{1152, 8192})
}

// benchmark runs a graph whose work is a number of floating-point operations, on inputs of the given
// dimensions, without copying its outputs to the host.
func benchmark(b *testing.B, work float64, build builder, inputs ...[]int) {
	b.Helper()
	exec, err := graph.NewExec(open(b, "go"), build)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(exec.Finalize)
	args := make([]any, len(inputs))
	for i := range inputs {
		args[i] = noise(inputs[i]...)
	}
	run := func() {
		outputs, err := exec.Call(args...)
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range outputs {
			if err := o.FinalizeAll(); err != nil {
				b.Fatal(err)
			}
		}
	}
	run() // compiles
	for b.Loop() {
		run()
	}
	b.ReportMetric(work*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func noise(dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensor(values, dims...)
}
