package cpu

import (
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// sets are the kernels that run on this machine, and those of the formulas unless time is short.
func sets() []*kernels.Set {
	if testing.Short() {
		return kernels.Available()
	}
	return append(kernels.Available(), naive)
}

// AllKernels are the names of the kernels that tests go through.
func AllKernels() []string {
	var names []string
	for _, k := range sets() {
		names = append(names, k.Name)
	}
	return names
}

// NetworkKernels are the names of the kernels that tests of whole networks go through: all, or where time is short those
// that this machine chooses. Tests of layers, which are short, go through all on every machine.
func NetworkKernels() []string {
	if testing.Short() {
		return AllKernels()[:1]
	}
	return AllKernels()
}

func named(name string) *kernels.Set {
	for _, k := range sets() {
		if k.Name == name {
			return k
		}
	}
	panic("no kernels named " + name)
}

// Compile is compile with the fastest kernels, for a network that trains as a whole.
func Compile(n layers.Network, batch int) (*Net, error) {
	return compile(n, batch, kernels.Available()[0], nil)
}

// CompileWith is Compile with kernels by name.
func CompileWith(n layers.Network, batch int, kernels string) (*Net, error) {
	return compile(n, batch, named(kernels), nil)
}

// CompileFrozen is CompileWith of a network of which some layers do not train.
func CompileFrozen(n layers.Network, batch int, kernels string, frozen map[string]bool) (*Net, error) {
	return compile(n, batch, named(kernels), frozen)
}

// CompileAnswering is CompileWith of a network that only answers.
func CompileAnswering(n layers.Network, batch int, kernels string) (*Net, error) {
	return compileAnswering(n, batch, named(kernels))
}

// Weights are those that an answering net takes.
type Weights = weights

// NewWeights copies variables.
func NewWeights(vars Tensors) *Weights { return newWeights(vars) }

// Answer returns the logits, like Forward, with filters that the weights keep.
func (n *Net) Answer(w *Weights, images []float32) []float32 { return n.answer(w, images) }

// SpoilOutputs fills the memory of outputs with a value.
func (n *Net) SpoilOutputs(value float32) {
	for _, t := range n.input.slots.tensors {
		for i := range t.data {
			t.data[i] = value
		}
	}
}

// Conv is a convolution on its own.
type Conv struct {
	*conv
	filter filter
	net    *Net
}

// NewConv makes a convolution of images in a shape, with square filters padded by half their size.
func NewConv(in data.Shape, batch, channels, kernel, stride int, kernels string) *Conv {
	f := filter{kernel, kernel, stride, stride, kernel / 2}
	c := newConv(newTensor(named(kernels), in, batch), channels, "w", f, false, engine.Fusion{})
	return &Conv{c, f, &Net{vars: Tensors{}, grads: Tensors{}}}
}

// Winograd says whether that is the algorithm.
func (c *Conv) Winograd() bool {
	_, is := c.convolution.(*winograd)
	return is
}

// ComputeDirectly makes the algorithm direct.
func (c *Conv) ComputeDirectly() { c.convolution = newDirect(c.in, c.out, c.filter) }

// ComputeByTransforms makes the algorithm winograd, and reports false where that cannot be.
func (c *Conv) ComputeByTransforms() bool {
	fits := winogradFits(c.in.shape, c.filter)
	if fits {
		c.convolution = newWinograd(c.in, c.out)
	}
	return fits
}

// Load sets the input, the weights and the gradient of the output.
func (c *Conv) Load(x, w, dy []float32) {
	if x != nil {
		c.in.load(x)
	}
	if dy != nil {
		c.out.load(dy)
	}
	c.net.vars["w"] = w
}

// Output is the convolution of the input.
func (c *Conv) Output() []float32 {
	c.Forward()
	return c.out.values()
}

// Gradients are those to the input, which they replace, and to the weights.
func (c *Conv) Gradients() (dx, dw []float32) {
	dw = make([]float32, len(c.net.vars["w"]))
	c.WeightGradient(dw)
	c.InputGradient()
	return c.in.values(), dw
}

func (c *Conv) Forward()                    { c.forward(c.net) }
func (c *Conv) InputGradient()              { c.inputGradient(c.net.vars["w"]) }
func (c *Conv) WeightGradient(dw []float32) { c.weightGradient(dw) }

func (t *tensor) values() []float32 {
	v := make([]float32, t.batch.images*t.shape.Size())
	t.store(v)
	return v
}

// ClassifyEach returns the logits of images one at a time, twice each.
func ClassifyEach(n layers.Network, kernels string, vars Tensors, images []float32) ([]float32, error) {
	net, err := compileImage(n, named(kernels))
	if err != nil {
		return nil, err
	}
	var all []float32
	w := newWeights(vars)
	for image := range slices.Chunk(images, n.Input.Size()) {
		net.classify(w, image)
		all = append(all, net.classify(w, image)...)
	}
	return all, nil
}

// ImageClassifier returns a function for the logits of an image.
func ImageClassifier(n layers.Network, vars Tensors) (func(image []float32) []float32, error) {
	net, err := compileImage(n, kernels.Available()[0])
	w := newWeights(vars)
	return func(image []float32) []float32 { return net.classify(w, image) }, err
}

// OneByOne has run run the tasks of each loop that f would run in parallel. Nobody else may compute meanwhile.
func OneByOne(run func(n int, task func(i int)), f func()) {
	oneByOne = run
	defer func() { oneByOne = nil }()
	f()
}
