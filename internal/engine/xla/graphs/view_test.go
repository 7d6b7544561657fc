package graphs_test

import (
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/google/go-cmp/cmp"
)

// One graph shows every view as the host does.
func TestView(t *testing.T) {
	const n, most = 3, 2
	shape := data.Shape{Height: 5, Width: 4, Channels: 3}
	rng := rand.New(rand.NewPCG(1, 2))
	pixels := make([]uint8, n*shape.Size())
	for i := range pixels {
		pixels[i] = uint8(rng.Uint32())
	}
	testbackend.Each(t, func(t *testing.T, name string) {
		run := compile(t, open(t, name), func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{graphs.View(in[0], in[1], most)}
		})
		for _, flip := range []bool{false, true} {
			for down := -most; down <= most; down++ {
				for right := -most; right <= most; right++ {
					v := engine.View{Flip: flip, Down: down, Right: right}
					got := run(tensor(pixels, n, shape.Height, shape.Width, shape.Channels), tensor(graphs.Choices(v), 3))[0]
					var want []float32
					for _, p := range v.Of(pixels, shape) {
						want = append(want, float32(p))
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%+v (-want +got):\n%.500s", v, diff)
					}
				}
			}
		}
	})
}
