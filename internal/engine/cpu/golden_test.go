package cpu_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/golden"
)

// TestGolden trains each network for a few steps of Nesterov's SGD, as the scripts in internal/golden do in PyTorch.
func TestGolden(t *testing.T) {
	for _, c := range golden.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			want, err := golden.Read(c.File(filepath.Join("..", "..", "golden")))
			if err != nil {
				t.Fatal(err)
			}
			for _, kernels := range cpu.NetworkKernels() {
				t.Run(kernels, func(t *testing.T) { testGolden(t, c, want, kernels) })
			}
		})
	}
}

func testGolden(t *testing.T, c golden.Case, want map[string]golden.Tensor, kernels string) {
	n, list, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	net, err := cpu.CompileFrozen(n, c.Batch, kernels, c.FrozenLayers(n))
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, got []float32) {
		t.Helper()
		if e := golden.MaxRelativeError(got, want[name].Values); e > 1e-4 {
			t.Errorf("%s: off by %.1e of the largest value", name, e)
		}
	}
	vars, grads, velocity := cpu.Tensors{}, cpu.Tensors{}, cpu.Tensors{}
	for _, v := range list {
		vars[v.Name] = c.Start(v.Name, v.Dims...)
		if v.Trainable && !c.IsFrozen(v.Name) {
			grads[v.Name] = make([]float32, v.Size())
			velocity[v.Name] = make([]float32, v.Size())
		}
	}
	batch := float32(c.Batch)
	var losses []float32
	for step, rate := range c.Rates {
		logits := net.Forward(vars, c.Images(step))
		if step == 0 {
			check("logits1", logits)
		}
		loss, dLogits := crossEntropy(logits, c.Labels(step), golden.Classes, c.Smoothing)
		losses = append(losses, loss/batch)
		net.Backward(dLogits, grads)
		for _, v := range list {
			trains := v.Trainable && !c.IsFrozen(v.Name)
			if step == 0 && trains {
				check("grad1/"+v.Name, grads[v.Name])
			} else if step == 0 {
				check("step1/"+v.Name, vars[v.Name])
			}
			if trains {
				// The script's rate is per mean loss, and so is its weight decay.
				factor := float32(c.Factor(v))
				nesterov(vars[v.Name], grads[v.Name], velocity[v.Name], rate/batch*factor, golden.WeightDecay*batch/factor)
			}
		}
	}
	check("loss", losses)
	for _, v := range list {
		check("last/"+v.Name, vars[v.Name])
	}
	check("eval/logits", net.Answer(cpu.NewWeights(vars), c.Images(0)))
}

// crossEntropy is the sum of the losses of a batch, and its gradient to the logits. The share smoothing of each label
// is spread over all classes.
func crossEntropy(logits []float32, labels []int32, classes int, smoothing float64) (loss float32, dLogits []float32) {
	total := 0.0
	for i, label := range labels {
		row := logits[i*classes:][:classes]
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v))
		}
		for c, v := range row {
			target := smoothing / float64(classes)
			if c == int(label) {
				target += 1 - smoothing
			}
			total += target * (math.Log(sum) - float64(v))
			dLogits = append(dLogits, float32(math.Exp(float64(v))/sum-target))
		}
	}
	return float32(total), dLogits
}

// nesterov is a step with a rate and a weight decay for the summed loss.
func nesterov(w, g, v []float32, rate, decay float32) {
	for i := range w {
		d := -rate * (g[i] + decay*w[i])
		v[i] = golden.Momentum*v[i] + d
		w[i] += d + golden.Momentum*v[i]
	}
}
