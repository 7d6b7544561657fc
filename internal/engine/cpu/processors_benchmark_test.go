package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/layers"
)

// BenchmarkProcessors computes how many times as fast a forward and a backward pass could be on many processors as on one, from
// the times of the tasks into which each divides it, measured one by one: whoever is free takes the next task of a loop, of which the next begins when all
// are done, 2 µs later. What processors take from each other, such as memory's bandwidth, is not in it.
func BenchmarkProcessors(b *testing.B) {
	for _, tt := range []struct{ width, batch int }{{8, 128}, {16, 32}, {16, 128}, {64, 128}} {
		for _, processors := range []int{2, 4, 8, 16, 32} {
			b.Run(fmt.Sprintf("width%d/batch%d/processors%d", tt.width, tt.batch, processors), func(b *testing.B) {
				n := network(b, layers.ResNet9(), data.Shape{Height: 32, Width: 32, Channels: 3}, 10, tt.width)
				net, err := cpu.Compile(n, tt.batch)
				if err != nil {
					b.Fatal(err)
				}
				rng := rand.New(rand.NewPCG(1, 2))
				vars, grads := randomVariables(b, n, rng)
				images, dLogits := randomValues(rng, tt.batch*n.Input.Size()), randomValues(rng, tt.batch*10)
				var one, many stopwatch
				pass := func(processors int, least *stopwatch) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors)) // by which loops are divided into tasks
					var w stopwatch
					w.watch(func() {
						net.Forward(vars, images)
						net.Backward(dLogits, grads)
					})
					least.keepLeast(w)
				}
				for b.Loop() {
					pass(1, &one)
					pass(processors, &many)
				}
				b.ReportMetric(one.on(1)/many.on(processors), "times-as-fast")
			})
		}
	}
}

// stopwatch is the seconds of a pass: between its loops, and of each loop's tasks.
type stopwatch struct {
	between []float64 // one more than there are loops
	tasks   [][]float64
}

// watch runs a pass, and measures it.
func (s *stopwatch) watch(pass func()) {
	last := time.Now()
	lap := func() float64 {
		now := time.Now()
		defer func() { last = now }()
		return now.Sub(last).Seconds()
	}
	cpu.OneByOne(func(n int, task func(i int)) {
		s.between = append(s.between, lap())
		tasks := make([]float64, n)
		for i := range tasks {
			task(i)
			tasks[i] = lap()
		}
		s.tasks = append(s.tasks, tasks)
	}, pass)
	s.between = append(s.between, lap())
}

// keepLeast keeps the least of the times that there are and of those of another pass.
func (s *stopwatch) keepLeast(other stopwatch) {
	if s.between == nil {
		*s = other
		return
	}
	for i, t := range other.between {
		s.between[i] = min(s.between[i], t)
	}
	for i, tasks := range other.tasks {
		for j, t := range tasks {
			s.tasks[i][j] = min(s.tasks[i][j], t)
		}
	}
}

// on is how many seconds the pass takes on a number of processors.
func (s *stopwatch) on(processors int) float64 {
	const handing = 2e-6 // a loop to other processors
	total := 0.
	for _, t := range s.between {
		total += t
	}
	for _, tasks := range s.tasks {
		busy := make([]float64, processors)
		for _, t := range tasks {
			free := slices.Index(busy, slices.Min(busy))
			busy[free] += t
		}
		total += slices.Max(busy)
		if processors > 1 {
			total += handing
		}
	}
	return total
}
