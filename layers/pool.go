package layers

import (
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/gomlx/core/graph"
)

// MaxPool takes the maximum of each Size x Size window, without overlap: [batch, height/Size,
// width/Size, channels]. The gradient goes to a window's first maximum in row-major order.
type MaxPool struct {
	Size int `json:"size"`
	// Floor drops the last rows and columns that fill no window. Without it, height and width must be multiples
	// of Size. Both must be at least Size.
	Floor bool `json:"floor,omitempty"`
}

func (p MaxPool) String() string {
	text := fmt.Sprintf("MaxPool %dx%d", p.Size, p.Size)
	if p.Floor {
		text += ", floor"
	}
	return text
}

func (p MaxPool) resolve(in data.Shape) (resolved, error) {
	if p.Size < 1 {
		return resolved{}, fmt.Errorf("size %d, need at least 1", p.Size)
	}
	if in.Height < p.Size || in.Width < p.Size {
		return resolved{}, fmt.Errorf("its size is more than %dx%d", in.Height, in.Width)
	}
	if !p.Floor && (in.Height%p.Size != 0 || in.Width%p.Size != 0) {
		return resolved{}, fmt.Errorf("its size does not divide %dx%d: Floor drops the rest", in.Height, in.Width)
	}
	return resolved{out: data.Shape{Height: in.Height / p.Size, Width: in.Width / p.Size, Channels: in.Channels}}, nil
}

// apply compares the window's positions one after the other: a comparison sends the gradient to one
// side only, where a reduction's gradient would go to every tie.
func (p MaxPool) apply(x *graph.Node, _ *Scope) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	for axis := 1; axis <= 2; axis++ {
		if rest := dims[axis] % p.Size; rest > 0 {
			dims[axis] -= rest
			x = graph.SliceAxis(x, axis, graph.AxisRange(0, dims[axis]))
		}
	}
	windows := graph.Reshape(x, dims[0], dims[1]/p.Size, p.Size, dims[2]/p.Size, p.Size, dims[3])
	var y *graph.Node
	for i := range p.Size * p.Size {
		at := graph.Reshape(
			graph.Slice(windows, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i/p.Size), graph.AxisRange(), graph.AxisElem(i%p.Size)),
			dims[0], dims[1]/p.Size, dims[2]/p.Size, dims[3])
		if y == nil {
			y = at
		} else {
			y = graph.Where(graph.GreaterOrEqual(y, at), y, at)
		}
	}
	return y
}

// GlobalMaxPool takes each channel's maximum over the whole image: [batch, 1, 1, channels]. The gradient
// goes to the first maximum in row-major order.
type GlobalMaxPool struct{}

func (GlobalMaxPool) String() string { return "GlobalMaxPool" }

func (GlobalMaxPool) resolve(in data.Shape) (resolved, error) {
	return resolved{out: data.Shape{Height: 1, Width: 1, Channels: in.Channels}}, nil
}

func (GlobalMaxPool) apply(x *graph.Node, _ *Scope) *graph.Node {
	dims := x.Shape().Dimensions
	flat := graph.Reshape(x, dims[0], -1, dims[3])
	positions := flat.Shape().Dim(1)
	first := graph.StopGradient(graph.ArgMax(flat, 1)) // [batch, channels]
	mask := graph.OneHot(first, positions, x.DType())  // [batch, channels, positions]
	picked := graph.ReduceSum(graph.Mul(flat, graph.TransposeAllAxes(mask, 0, 2, 1)), 1)
	return graph.Reshape(picked, dims[0], 1, 1, dims[3])
}

// GlobalMeanPool takes each channel's mean over the whole image: [batch, 1, 1, channels].
type GlobalMeanPool struct{}

func (GlobalMeanPool) String() string { return "GlobalMeanPool" }

func (GlobalMeanPool) resolve(in data.Shape) (resolved, error) {
	return resolved{out: data.Shape{Height: 1, Width: 1, Channels: in.Channels}}, nil
}

func (GlobalMeanPool) apply(x *graph.Node, _ *Scope) *graph.Node {
	return graph.Reshape(graph.ReduceMean(x, 1, 2), x.Shape().Dim(0), 1, 1, x.Shape().Dim(3))
}

// GlobalMaxMeanPool concatenates each channel's maximum and its mean over the whole image: [batch, 1, 1,
// 2·channels], the maxima first.
type GlobalMaxMeanPool struct{}

func (GlobalMaxMeanPool) String() string { return "GlobalMaxMeanPool" }

func (GlobalMaxMeanPool) resolve(in data.Shape) (resolved, error) {
	return resolved{out: data.Shape{Height: 1, Width: 1, Channels: 2 * in.Channels}}, nil
}

func (GlobalMaxMeanPool) apply(x *graph.Node, s *Scope) *graph.Node {
	return graph.Concatenate([]*graph.Node{GlobalMaxPool{}.apply(x, s), GlobalMeanPool{}.apply(x, s)}, 3)
}
