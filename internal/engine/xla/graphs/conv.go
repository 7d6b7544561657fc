package graphs

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

func conv(c layers.Conv, x *graph.Node, s *Scope) *graph.Node {
	return Convolution(x, graph.ConvertDType(s.variable(c.Name+"/weight"), x.DType()), c.Stride)
}

// Convolution convolves x [batch, height, width, in] with weight [out, kernel, kernel, in] of the same
// DType, padding with kernel/2 zeros on each side: [batch, ⌈height/stride⌉, ⌈width/stride⌉, out].
func Convolution(x, weight *graph.Node, stride int) *graph.Node {
	pad := weight.Shape().Dim(1) / 2
	return convolve(x, weight, stride, [2]int{pad, pad}, [2]int{pad, pad})
}

// convBefore is a convolution of stride 1 in front of a pool, without the last rows and columns where they do not fill a
// window: the pool would drop them.
func convBefore(p layers.MaxPool, c layers.Conv, x *graph.Node, s *Scope) *graph.Node {
	weight := graph.ConvertDType(s.variable(c.Name+"/weight"), x.DType())
	pad := weight.Shape().Dim(1) / 2
	var pads [2][2]int
	for i, axis := range []int{1, 2} {
		size := x.Shape().Dim(axis)
		read := size - size%p.Size + pad // from the first on
		if read < size {
			x = graph.SliceAxis(x, axis, graph.AxisRange(0, read))
		}
		pads[i] = [2]int{pad, max(0, read-size)}
	}
	return convolve(x, weight, 1, pads[0], pads[1])
}

// convolve pads x with so many zeros before and behind its rows and columns.
func convolve(x, weight *graph.Node, stride int, rows, columns [2]int) *graph.Node {
	return graph.Convolve(x, weight).AxesConfig(compute.ConvolveAxesConfig{
		InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3,
		KernelOutputChannels: 0, KernelSpatial: []int{1, 2}, KernelInputChannels: 3,
		OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3,
	}).Strides(stride).PaddingPerDim([][2]int{rows, columns}).Done()
}
