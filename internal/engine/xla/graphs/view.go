package graphs

import (
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/gomlx/gomlx/core/graph"
)

// Choices are a view as [View] takes it: 1 where it mirrors, and by how many pixels it moves down and right.
func Choices(v engine.View) []int32 {
	choices := []int32{0, int32(v.Down), int32(v.Right)}
	if v.Flip {
		choices[0] = 1
	}
	return choices
}

// View is what [engine.View.Of] does, for images [n, height, width, channels] of any type; choices are int32 [3]. It moves
// them by most pixels at most, less than their size.
func View(images, choices *graph.Node, most int) *graph.Node {
	choice := func(i int) *graph.Node { return graph.Reshape(graph.Slice(choices, graph.AxisElem(i))) }
	dims := images.Shape().Dimensions
	mirrors := graph.BroadcastToDims(graph.Equal(choice(0), graph.OnesLike(choice(0))), dims...)
	images = graph.Where(mirrors, graph.Reverse(images, 2), images)
	corner := graph.AddScalar(graph.Neg(graph.Slice(choices, graph.AxisRange(1, 3))), most)
	return graph.GatherSlices(ReflectPad(images, most), []int{1, 2}, corner, dims[1:3], true)
}
