package xla

import (
	"context"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// classifier computes logits with one graph, which is given the images of a batch once and each view's choices. Images that
// are missing in the batch are black.
type classifier struct {
	device    *device
	cfg       engine.Config
	graph     *program
	variables []layers.Variable // the network's, the first of those in the weights
	pixels    input
	size      int // of the batch
}

// viewInput is a view's choices, as [graphs.View] takes them.
var viewInput = whole(dtypes.Int32, 3)

// newClassifier: variables, pixels, and a view's choices if there are views -> logits.
func newClassifier(d *device, cfg engine.Config, size int) (engine.Classifier, error) {
	variables, err := cfg.Network.Variables()
	if err != nil {
		return nil, err
	}
	in := cfg.Network.Input
	c := &classifier{device: d, cfg: cfg, variables: variables, size: size, pixels: splitOver(d, dtypes.Uint8, size, in.Height, in.Width, in.Channels)}
	inputs := append(inputsOf(variables), c.pixels)
	if len(cfg.Views) > 0 {
		inputs = append(inputs, viewInput)
	}
	c.graph, err = compile(d, "evaluation step", inputs, func(in []*graph.Node) []*graph.Node {
		values, images := byName(variables, in), in[len(variables)]
		if len(cfg.Views) > 0 {
			images = graphs.View(images, in[len(variables)+1], furthest(cfg.Views))
		}
		scope := &graphs.Scope{DType: dtypeOf(cfg), Variables: values}
		return []*graph.Node{graphs.Apply(cfg.Network, graphs.Normalize(images, cfg.Normalization), scope)}
	})
	return c, err
}

// furthest is by how many pixels a view moves an image at most.
func furthest(views []engine.View) int {
	most := 0
	for _, v := range views {
		most = max(most, v.Down, -v.Down, v.Right, -v.Right)
	}
	return most
}

// Close implements [engine.Classifier].
func (c *classifier) Close() { c.graph.close() }

// Logits implements [engine.Classifier].
func (c *classifier) Logits(ctx context.Context, w engine.Weights, pixels []uint8) ([]float32, error) {
	image := c.cfg.Network.Input.Size()
	n := len(pixels) / image
	if n < c.size {
		batch := make([]uint8, c.size*image)
		copy(batch, pixels)
		pixels = batch
	}
	images, err := upload(c.device, pixels, c.pixels)
	if err != nil {
		return nil, err
	}
	defer release(images)
	inputs := append(slices.Clone(w.(*weights).buffers[:len(c.variables)]), images)
	all, err := c.cfg.OverViews(ctx, func(v engine.View) ([]float32, error) {
		inputs := slices.Clone(inputs)
		if len(c.cfg.Views) > 0 {
			view, err := upload(c.device, graphs.Choices(v), viewInput)
			if err != nil {
				return nil, err
			}
			defer release(view)
			inputs = append(inputs, view)
		}
		out, err := c.graph.run(0, inputs...)
		if err != nil {
			return nil, err
		}
		defer release(out...)
		shape, err := out[0].Shape()
		if err != nil {
			return nil, err
		}
		return download[float32](out[0], shape.Size())
	})
	return all[:len(all)/c.size*n], err
}
