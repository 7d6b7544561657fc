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
	return graph.Convolve(x, weight).AxesConfig(compute.ConvolveAxesConfig{
		InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3,
		KernelOutputChannels: 0, KernelSpatial: []int{1, 2}, KernelInputChannels: 3,
		OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3,
	}).Strides(stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}
