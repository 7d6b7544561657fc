package golden

import (
	"fmt"
	"math"
	"path"
	"path/filepath"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// What every [Case] is trained with.
const (
	Classes  = 10
	Momentum = 0.9
	// WeightDecay is for the mean loss.
	WeightDecay = 5e-4
)

// Input is the shape of an image.
var Input = data.Shape{Height: 32, Width: 32, Channels: 3}

// Case is a network and the few steps of training that there are golden values of, as in training.py.
type Case struct {
	// Name is the name of the file, without the extension.
	Name string
	// Design is the network, for images of [Input] in [Classes].
	Design layers.Design
	// Salt goes before every name that is drawn; training.py says how it was chosen.
	Salt string
	// Batch is the number of images of a step.
	Batch int
	// Rates are the learning rates of the steps, for the mean loss.
	Rates []float32
	// Smoothing is the label smoothing.
	Smoothing float64
	// BiasFactor is the Factor of biases.
	BiasFactor float64
	// Frozen are parts whose variables stay as they start, and whose norms are in evaluation mode throughout.
	Frozen []string
}

// Cases lists the networks that there are golden values of.
func Cases() []Case {
	tricks := layers.ResNet9()
	tricks.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 1e-2, Images: 10_000}
	tricks.PoolAt = layers.PoolBeforeNorm
	tricks.Activation = layers.Activation{Kind: "celu", Alpha: 0.3}
	tricks.Norm = layers.NormSettings{Groups: 16, FrozenScale: true}
	tricks.LogitScale = 1. / 16
	in2025 := layers.Airbench94()
	in2025.Activation, in2025.WhiteningActivation = layers.Activation{Kind: "silu"}, layers.Activation{Kind: "gelu"}
	in2025.Norm.Momentum, in2025.LogitScale = 0, 1./9 // the usual momentum; logits that are not all alike
	two, three := []float32{0.1, 0.2}, []float32{0.1, 0.2, 0.3}
	cases := []Case{
		{Name: "dawn", Design: layers.Dawn(), Salt: "8", Batch: 16, Rates: []float32{0.05, 0.1}, BiasFactor: 1},
		{Name: "backbone", Design: layers.Backbone(), Salt: "3", Batch: 16, Rates: three, BiasFactor: 1},
		{Name: "resnet9", Design: layers.ResNet9(), Salt: "3808", Batch: 16, Rates: three, BiasFactor: 1},
		{Name: "fine-tuning", Design: layers.Backbone(), Salt: "1", Batch: 16, Rates: three, BiasFactor: 1, Frozen: []string{"prep", "layer2"}},
		{Name: "bag-of-tricks", Design: tricks, Salt: "30", Batch: 32, Rates: two, Smoothing: 0.2, BiasFactor: 64},
		{Name: "airbench96", Design: layers.Airbench96(), Salt: "62", Batch: 16, Rates: two, Smoothing: 0.2, BiasFactor: 1},
		{Name: "airbench94-2025", Design: in2025, Salt: "0", Batch: 16, Rates: two, Smoothing: 0.2, BiasFactor: 1},
	}
	for i := range cases {
		cases[i].Design.Width = 8
	}
	return cases
}

// File is the path of the golden values; dir is the folder of this package.
func (c Case) File(dir string) string {
	return filepath.Join(dir, "testdata", c.Name+".safetensors")
}

// Network is the design's, with its variables.
func (c Case) Network() (layers.Network, []layers.Variable, error) {
	n, err := c.Design.Build(Input, Classes)
	if err != nil {
		return n, nil, err
	}
	variables, err := n.Variables()
	return n, variables, err
}

// Start is what training starts the variable of that name and shape with.
func (c Case) Start(name string, dims ...int) []float32 {
	size := 1
	for _, d := range dims {
		size *= d
	}
	switch path.Base(name) {
	case "weight":
		return uniform(c.Salt+name, size, 1/math.Sqrt(float64(size/dims[0])), 0)
	case "scale":
		return uniform(c.Salt+name, size, 0.5, 1)
	case "bias":
		return uniform(c.Salt+name, size, 0.2, 0)
	case "variance":
		if c.IsFrozen(name) {
			return uniform(c.Salt+name, size, 0.5, 1)
		}
		return slices.Repeat([]float32{1}, size)
	}
	if c.IsFrozen(name) { // a mean
		return uniform(c.Salt+name, size, 0.2, 0)
	}
	return make([]float32, size)
}

// IsFrozen says whether a variable or a layer, by its name, is in one of the parts that are frozen.
func (c Case) IsFrozen(name string) bool { return slices.Contains(c.Frozen, layers.PartOf(name)) }

// FrozenLayers are those that are frozen, by name.
func (c Case) FrozenLayers(n layers.Network) map[string]bool {
	frozen := map[string]bool{}
	for _, name := range n.LayerNames() {
		frozen[name] = c.IsFrozen(name)
	}
	return frozen
}

// Images are the images of a step's batch.
func (c Case) Images(step int) []float32 {
	return uniform(fmt.Sprintf("%simages/%d", c.Salt, step), c.Batch*Input.Size(), 2, 0)
}

// Labels are the labels of a step's batch.
func (c Case) Labels(step int) []int32 {
	return labels(fmt.Sprintf("%slabels/%d", c.Salt, step), c.Batch)
}

// Factor is what the variable's learning rate is multiplied by, and its weight decay divided by.
func (c Case) Factor(v layers.Variable) float64 {
	if v.Bias {
		return c.BiasFactor
	}
	return 1
}
