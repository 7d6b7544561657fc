package xla

import (
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// classifier computes logits with one graph.
type classifier struct {
	device *device
	graph  *program
	// variables is the number of the network's, the first of those in the weights.
	variables int
	pixels    input
}

// newClassifier: variables, pixels -> logits.
func newClassifier(d *device, cfg engine.Config, size int) (engine.Classifier, error) {
	variables, err := cfg.Network.Variables()
	if err != nil {
		return nil, err
	}
	in := cfg.Network.Input
	c := &classifier{device: d, variables: len(variables), pixels: splitOver(d, dtypes.Uint8, size, in.Height, in.Width, in.Channels)}
	c.graph, err = compile(d, "evaluation step", append(inputsOf(variables), c.pixels), func(in []*graph.Node) []*graph.Node {
		scope := &graphs.Scope{DType: dtypeOf(cfg), Variables: byName(variables, in[:c.variables])}
		return []*graph.Node{graphs.Apply(cfg.Network, graphs.Normalize(in[c.variables], cfg.Normalization), scope)}
	})
	return c, err
}

// Close implements [engine.Classifier].
func (c *classifier) Close() { c.graph.close() }

// Logits implements [engine.Classifier].
func (c *classifier) Logits(w engine.Weights, pixels []uint8) ([]float32, error) {
	images, err := upload(c.device, pixels, c.pixels)
	if err != nil {
		return nil, err
	}
	defer release(images)
	out, err := c.graph.run(0, append(slices.Clone(w.(*weights).buffers[:c.variables]), images)...)
	if err != nil {
		return nil, err
	}
	defer release(out...)
	shape, err := out[0].Shape()
	if err != nil {
		return nil, err
	}
	return download[float32](out[0], shape.Size())
}
