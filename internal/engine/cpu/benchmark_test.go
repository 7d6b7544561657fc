package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// BenchmarkStep is a forward and a backward pass on a batch of 128.
func BenchmarkStep(b *testing.B) {
	const batch = 128
	tests := []struct {
		design      layers.Design
		width, side int
	}{
		{layers.ResNet9(), 8, 32},
		{layers.ResNet9(), 16, 32},
		{layers.ResNet9(), 64, 32},
		{layers.Dawn(), 16, 32},
		{bagOfTricks(), 16, 32},
		{layers.ResNet9(), 16, 28},
		{layers.ResNet9(), 16, 48},
	}
	for _, tt := range tests {
		b.Run(fmt.Sprintf("%s/width%d/%dx%[3]d", tt.design.Name, tt.width, tt.side), func(b *testing.B) {
			n := network(b, tt.design, data.Shape{Height: tt.side, Width: tt.side, Channels: 3}, 10, tt.width)
			net, err := cpu.Compile(n, batch)
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			vars, grads := randomVariables(b, n, rng)
			images, dLogits := randomValues(rng, batch*n.Input.Size()), randomValues(rng, batch*10)
			b.ReportAllocs()
			for b.Loop() {
				net.Forward(vars, images)
				net.Backward(dLogits, grads)
			}
			perSecond := batch * float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "images/s")
			b.ReportMetric(perSecond*3*2*float64(n.MultiplyAdds())/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkAnswering is a pass of a net whose outputs share memory and whose filters are packed, in turns with one of a net in
// which each output has its own memory, and one that packs the filters. of-apart and of-packing are the median ratios of their
// times.
func BenchmarkAnswering(b *testing.B) {
	kernels := cpu.AllKernels()[0]
	for _, tt := range []struct{ width, batch int }{{8, 16}, {8, 128}, {8, 256}, {16, 16}, {16, 128}, {16, 256}, {64, 16}, {64, 128}} {
		b.Run(fmt.Sprintf("width%d/batch%d", tt.width, tt.batch), func(b *testing.B) {
			n := network(b, layers.ResNet9(), data.Shape{Height: 32, Width: 32, Channels: 3}, 10, tt.width)
			rng := rand.New(rand.NewPCG(1, 2))
			vars, _ := randomVariables(b, n, rng)
			all := map[string]bool{}
			for name := range vars {
				all[layers.Variable{Name: name}.Layer()] = true
			}
			apart, err := cpu.CompileFrozen(n, tt.batch, kernels, all)
			if err != nil {
				b.Fatal(err)
			}
			sharing, err := cpu.CompileAnswering(n, tt.batch, kernels)
			if err != nil {
				b.Fatal(err)
			}
			images := randomValues(rng, tt.batch*n.Input.Size())
			weights := cpu.NewWeights(vars)
			took := func(f func()) float64 {
				start := time.Now()
				f()
				return float64(time.Since(start))
			}
			var ofApart, ofPacking []float64
			for b.Loop() {
				alone := took(func() { apart.Answer(weights, images) })
				packed := took(func() { sharing.Answer(weights, images) })
				weights.Close()
				packing := took(func() { sharing.Answer(weights, images) })
				ofApart, ofPacking = append(ofApart, packed/alone), append(ofPacking, packed/packing)
			}
			for unit, ratios := range map[string][]float64{"of-apart": ofApart, "of-packing": ofPacking} {
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], unit)
			}
		})
	}
}

// BenchmarkConv is the three products of a convolution, for a batch of 64.
func BenchmarkConv(b *testing.B) {
	const batch = 64
	for _, set := range kernels.Available() {
		for _, s := range []struct{ size, in, out int }{{32, 8, 16}, {32, 64, 128}, {16, 128, 256}, {8, 256, 256}, {4, 512, 512}} {
			shape := data.Shape{Height: s.size, Width: s.size, Channels: s.in}
			c := cpu.NewConv(shape, batch, s.out, 3, 1, set.Name)
			rng := rand.New(rand.NewPCG(1, 2))
			w := randomValues(rng, s.out*9*s.in)
			dw := make([]float32, len(w))
			c.Load(randomValues(rng, batch*shape.Size()), w, nil)
			products := []struct {
				name  string
				count float64
				run   func()
			}{
				{"forward", 1, c.Forward},
				{"dX", 1, c.InputGradient},
				{"dW", 1, func() { c.WeightGradient(dw) }},
				{"all", 3, func() { c.Forward(); c.WeightGradient(dw); c.InputGradient() }},
			}
			for _, p := range products {
				b.Run(fmt.Sprintf("%s/%dx%d %d to %d/%s", set.Name, s.size, s.size, s.in, s.out, p.name), func(b *testing.B) {
					for b.Loop() {
						p.run()
					}
					work := p.count * 2 * 9 * float64(s.in*s.out*s.size*s.size*batch)
					b.ReportMetric(work*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}

// BenchmarkWinograd is a convolution's forward and backward pass by transforms, in turns with one by definition: of-direct is the
// median ratio of their times, above 1 where transforms gain, and chosen is 1 where they are what a net takes.
func BenchmarkWinograd(b *testing.B) {
	for _, set := range kernels.Available() {
		for _, batch := range []int{16, 64, 128} {
			for _, side := range []int{3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16} {
				for _, channels := range []int{8, 16, 32, 64, 128} {
					b.Run(fmt.Sprintf("%s/batch%d/side%d/channels%d", set.Name, batch, side, channels), func(b *testing.B) {
						shape := data.Shape{Height: side, Width: side, Channels: channels}
						rng := rand.New(rand.NewPCG(1, 2))
						x, w := randomValues(rng, batch*shape.Size()), randomValues(rng, 9*channels*channels)
						dw := make([]float32, len(w))
						took := func(c *cpu.Conv) float64 {
							c.Load(x, w, x)
							start := time.Now()
							c.Forward()
							c.WeightGradient(dw)
							c.InputGradient()
							return float64(time.Since(start))
						}
						direct, transformed := cpu.NewConv(shape, batch, channels, 3, 1, set.Name), cpu.NewConv(shape, batch, channels, 3, 1, set.Name)
						chosen := 0.
						if transformed.Winograd() {
							chosen = 1
						}
						direct.ComputeDirectly()
						transformed.ComputeByTransforms()
						var ratios []float64
						for b.Loop() {
							ratios = append(ratios, took(direct)/took(transformed))
						}
						slices.Sort(ratios)
						b.ReportMetric(ratios[len(ratios)/2], "of-direct")
						b.ReportMetric(chosen, "chosen")
					})
				}
			}
		}
	}
}
