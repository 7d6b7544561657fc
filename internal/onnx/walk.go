package onnx

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// walk adds a network's layers to a graph. Every value between them is [batch, channels, height, width].
type walk struct {
	*graph
	// steps are the steps of the layers to come, in the order of [layers.Network.Plan].
	steps  []layers.ResolvedLayer
	values map[string][]float32
}

// sequence adds layers behind the value x, and returns the last one's output.
func (w *walk) sequence(all []layers.Layer, x string) (string, error) {
	for _, l := range all {
		step := w.steps[0]
		w.steps = w.steps[1:]
		var err error
		if x, err = w.layer(l, step, x); err != nil {
			return "", err
		}
	}
	return x, nil
}

// layer adds one layer, whose step has been taken. What follows a residual block's step are the steps of its paths.
func (w *walk) layer(l layers.Layer, step layers.ResolvedLayer, x string) (string, error) {
	switch l := l.(type) {
	case layers.Conv:
		return w.conv(l.Name, false, x, step.In.Channels, l.Out, l.Kernel, l.Stride, l.Kernel/2), nil
	case layers.PatchWhitening:
		return w.conv(l.Name, l.Bias, x, step.In.Channels, step.Out.Channels, l.Kernel, 1, l.Pad()), nil
	case layers.BatchNorm:
		return w.norm(l, x, step.In.Channels), nil
	case layers.ReLU:
		return w.node("Relu", []string{x}), nil
	case layers.CELU:
		return w.node("Celu", []string{x}, float("alpha", l.Alpha)), nil
	case layers.GELU:
		return w.gelu(x), nil
	case layers.SiLU:
		return w.node("Mul", []string{x, w.node("Sigmoid", []string{x})}), nil
	case layers.MaxPool:
		size := integers("kernel_shape", l.Size, l.Size)
		return w.node("MaxPool", []string{x}, size, integers("strides", l.Size, l.Size)), nil
	case layers.GlobalMaxPool:
		return w.node("GlobalMaxPool", []string{x}), nil
	case layers.GlobalMeanPool:
		return w.node("GlobalAveragePool", []string{x}), nil
	case layers.GlobalMaxMeanPool:
		both := []string{w.node("GlobalMaxPool", []string{x}), w.node("GlobalAveragePool", []string{x})}
		return w.node("Concat", both, integer("axis", 1)), nil
	case layers.Linear:
		return w.linear(l, x, step.In), nil
	case layers.Scale:
		return w.node("Mul", []string{x, w.scalar(l.Factor)}), nil
	case layers.Residual:
		branch, err := w.sequence(l.Branch, x)
		if err != nil {
			return "", err
		}
		shortcut, err := w.sequence(l.Shortcut, x)
		if err != nil {
			return "", err
		}
		return w.node("Add", []string{shortcut, branch}), nil
	}
	return "", fmt.Errorf("layer %v, a %T, has no form in ONNX", l, l)
}

// conv is a convolution by the filters name/weight, and with bias, the biases name/bias.
func (w *walk) conv(name string, bias bool, x string, in, out, kernel, stride, pad int) string {
	filters := data.Shape{Height: kernel, Width: kernel, Channels: in}
	inputs := []string{x, w.floats(name+"/weight", []int{out, in, kernel, kernel}, channelsFirst(w.values[name+"/weight"], filters))}
	if bias {
		inputs = append(inputs, w.vector(name+"/bias"))
	}
	return w.node("Conv", inputs, integers("kernel_shape", kernel, kernel),
		integers("strides", stride, stride), integers("pads", pad, pad, pad, pad))
}

// norm is the batch norm by the running statistics. A frozen scale is 1.
func (w *walk) norm(l layers.BatchNorm, x string, channels int) string {
	scale := l.Name + "/scale"
	if l.FrozenScale {
		ones := make([]float32, channels)
		for i := range ones {
			ones[i] = 1
		}
		w.floats(scale, []int{channels}, ones)
	} else {
		w.vector(scale)
	}
	epsilon, _ := l.Constants()
	return w.node("BatchNormalization",
		[]string{x, scale, w.vector(l.Name + "/bias"), w.vector(l.Name + "/mean"), w.vector(l.Name + "/variance")},
		float("epsilon", epsilon))
}

// gelu is made of the operations that runtimes know to put together as one: ONNX has GELU itself from opset 20 on.
func (w *walk) gelu(x string) string {
	erf := w.node("Erf", []string{w.node("Div", []string{x, w.scalar(math.Sqrt2)})})
	twice := w.node("Mul", []string{x, w.node("Add", []string{erf, w.scalar(1)})})
	return w.node("Mul", []string{twice, w.scalar(0.5)})
}

// linear flattens x, whose order its weights follow, and gives the outputs the rank of an image again.
func (w *walk) linear(l layers.Linear, x string, in data.Shape) string {
	weight := w.floats(l.Name+"/weight", []int{l.Out, in.Size()}, channelsFirst(w.values[l.Name+"/weight"], in))
	inputs := []string{w.node("Flatten", []string{x}, integer("axis", 1)), weight}
	if l.Bias {
		inputs = append(inputs, w.vector(l.Name+"/bias"))
	}
	y := w.node("Gemm", inputs, integer("transB", 1))
	return w.node("Unsqueeze", []string{y, w.int64s("image_axes", []int{2, 3})})
}

// vector is a variable of one dimension, as it is.
func (w *walk) vector(name string) string {
	return w.floats(name, []int{len(w.values[name])}, w.values[name])
}

// channelsFirst brings filters [out, height, width, channels] into the order [out, channels, height, width].
func channelsFirst(values []float32, filter data.Shape) []float32 {
	ordered := make([]float32, 0, len(values))
	pixels := filter.Height * filter.Width
	for first := 0; first < len(values); first += filter.Size() {
		for c := range filter.Channels {
			for p := range pixels {
				ordered = append(ordered, values[first+p*filter.Channels+c])
			}
		}
	}
	return ordered
}
