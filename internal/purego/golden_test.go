package purego_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/purego"
	"github.com/fastresnet/fastresnet/layers"
)

// TestGolden trains ResNet9 for three steps of Nesterov's SGD, as internal/golden/resnet9.py does in PyTorch.
func TestGolden(t *testing.T) {
	want, err := golden.Read(filepath.Join("..", "golden", "testdata", "resnet9.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kernels := range purego.AllKernels() {
		t.Run(kernels, func(t *testing.T) { testGolden(t, want, kernels) })
	}
}

func testGolden(t *testing.T, want map[string]golden.Tensor, kernels string) {
	const batch, size, classes = 16, 32 * 32 * 3, 10
	n := layers.ResNet9(data.Shape{Height: 32, Width: 32, Channels: 3}, classes, 8)
	net, err := purego.CompileWith(n, batch, kernels)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, got []float32) {
		t.Helper()
		if e := golden.MaxRelativeError(got, want[name].Values); e > 1e-4 {
			t.Errorf("%s: off by %.1e of the largest value", name, e)
		}
	}
	list, err := n.Variables()
	if err != nil {
		t.Fatal(err)
	}
	vars, grads, velocity := purego.Tensors{}, purego.Tensors{}, purego.Tensors{}
	for _, v := range list {
		vars[v.Name] = goldenInitial(v)
		if v.Trainable {
			grads[v.Name] = make([]float32, v.Size())
			velocity[v.Name] = make([]float32, v.Size())
		}
	}
	images := func(step int) []float32 { return golden.Uniform(fmt.Sprintf("images/%d", step), batch*size, 2) }
	var losses []float32
	for step, rate := range []float32{0.1, 0.2, 0.3} {
		logits := net.Forward(vars, images(step), true)
		if step == 0 {
			check("logits1", logits)
		}
		loss, dLogits := crossEntropy(logits, golden.Labels(fmt.Sprintf("labels/%d", step), batch), classes)
		losses = append(losses, loss/batch)
		net.Backward(dLogits, grads)
		for _, v := range list {
			if step == 0 && v.Trainable {
				check("grad1/"+v.Name, grads[v.Name])
			} else if step == 0 {
				check("step1/"+v.Name, vars[v.Name])
			}
			if v.Trainable {
				nesterov(vars[v.Name], grads[v.Name], velocity[v.Name], rate/batch)
			}
		}
	}
	check("loss", losses)
	for _, v := range list {
		check("step3/"+v.Name, vars[v.Name])
	}
	check("eval/logits", net.Forward(vars, images(0), false))
}

// goldenInitial is what the script starts a variable with.
func goldenInitial(v layers.Variable) []float32 {
	bound := v.Spread
	switch {
	case v.Spread == 0 && v.Trainable && v.Mean == 1:
		bound = 0.5
	case v.Spread == 0 && v.Trainable:
		bound = 0.2
	}
	values := golden.Uniform(v.Name, v.Size(), bound)
	for i := range values {
		values[i] += float32(v.Mean)
	}
	return values
}

// crossEntropy is the sum of the losses of a batch, and its gradient to the logits.
func crossEntropy(logits []float32, labels []int32, classes int) (loss float32, dLogits []float32) {
	total := 0.0
	for i, label := range labels {
		row := logits[i*classes:][:classes]
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v))
		}
		total += math.Log(sum) - float64(row[label])
		for c, v := range row {
			p := math.Exp(float64(v)) / sum
			if c == int(label) {
				p--
			}
			dLogits = append(dLogits, float32(p))
		}
	}
	return float32(total), dLogits
}

// nesterov is a step at a rate per image, with the script's momentum and decay for a batch of 16.
func nesterov(w, g, v []float32, rate float32) {
	const momentum, decay = 0.9, 5e-4 * 16
	for i := range w {
		d := -rate * (g[i] + decay*w[i])
		v[i] = momentum*v[i] + d
		w[i] += d + momentum*v[i]
	}
}
