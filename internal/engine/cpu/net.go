package cpu

import (
	"errors"
	"fmt"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// ErrUnsupported is wrapped by the errors about a layer that this package cannot compute.
var ErrUnsupported = errors.New("cpu: unsupported layer")

// Tensors are variables or gradients by name, in the layouts of [layers.Variable].
type Tensors map[string][]float32

// Net is a network compiled for a batch size, with all the memory it needs; or to answer about at most as many images, with
// what they need. It is not safe for concurrent use.
type Net struct {
	input, output *tensor
	ops           []op
	variables     []layers.Variable
	frozen        map[string]bool // layers
	logits        []float32

	// of the pass in progress
	training    bool
	vars, grads Tensors
	packed      *packings // nil if filters are packed for each pass
}

// compile prepares a network for batches of a fixed size. The layers that frozen names do not train. Its errors wrap
// [ErrUnsupported] or [layers.ErrNetwork].
func compile(n layers.Network, batch int, k *kernels.Set, frozen map[string]bool) (*Net, error) {
	return compileIn(nil, n, batch, k, frozen)
}

// compileAnswering is compile for a net that has no gradients, and answers about a batch or fewer images. Nothing is kept
// for gradients, and outputs share memory.
func compileAnswering(n layers.Network, batch int, k *kernels.Set) (*Net, error) {
	variables, err := n.Variables()
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, v := range variables {
		all[v.Layer()] = true
	}
	s := &slots{}
	net, err := compileIn(s, n, batch, k, all)
	if err != nil {
		return nil, err
	}
	s.allocate()
	return net, nil
}

// compileIn is compile with the outputs of layers in slots, or in memory of their own if there are none.
func compileIn(s *slots, n layers.Network, batch int, k *kernels.Set, frozen map[string]bool) (*Net, error) {
	if batch < 1 {
		return nil, fmt.Errorf("%w: batch size %d, need at least 1", layers.ErrNetwork, batch)
	}
	variables, err := n.Variables()
	if err != nil {
		return nil, err
	}
	net := &Net{input: newTensor(k, n.Input, batch), variables: variables, frozen: frozen}
	net.input.fixed, net.input.slots = true, s
	if net.ops, net.output, err = lower(n.Layers, net.input, frozen); err != nil {
		return nil, err
	}
	net.logits = make([]float32, batch*net.output.shape.Channels)
	return net, nil
}

// Forward returns the logits [batch, classes] of training, which are valid until the next call. images are
// [batch, height, width, channels], normalised. It uses the statistics of the batch, and moves the running ones, which are
// in vars. It panics if images or a variable have the wrong length.
func (n *Net) Forward(vars Tensors, images []float32) []float32 {
	n.training, n.vars, n.packed = true, vars, nil
	return n.logitsOf(images)
}

// answer returns the logits [k, classes] of k images, a batch or fewer, by the running statistics. They are valid until the
// next call. Filters are packed once for all nets that answer with these weights. It panics like Forward.
func (n *Net) answer(w *weights, images []float32) []float32 {
	n.training, n.vars, n.packed = false, w.tensors, &w.packed
	n.input.batch.images = min(len(images)/n.input.shape.Size(), n.input.batch.most)
	return n.logitsOf(images)
}

// logitsOf computes the logits of as many images as are in the pass.
func (n *Net) logitsOf(images []float32) []float32 {
	batch := n.input.batch.images
	checkLength("images", images, batch*n.input.shape.Size())
	for _, v := range n.variables {
		checkLength(v.Name, n.vars[v.Name], v.Size())
	}
	n.input.load(images)
	for _, o := range n.ops {
		o.forward(n)
	}
	logits := n.logits[:batch*n.output.shape.Channels]
	n.output.store(logits)
	return logits
}

// Backward takes the gradient of the loss to the logits [batch, classes] of the last Forward, and overwrites grads with
// those to every variable that trains. It uses up what Forward kept, so it runs once for each Forward, and it reads the
// variables that were given to it. It panics if dLogits or a gradient have the wrong length.
func (n *Net) Backward(dLogits []float32, grads Tensors) {
	checkLength("dLogits", dLogits, len(n.logits))
	for _, v := range n.variables {
		if v.Trainable && !n.frozen[v.Layer()] {
			checkLength(v.Name, grads[v.Name], v.Size())
		}
	}
	n.grads = grads
	n.output.load(dLogits)
	for i := len(n.ops) - 1; i >= 0; i-- {
		n.ops[i].backward(n)
	}
}

func checkLength(name string, values []float32, want int) {
	if len(values) != want {
		panic(fmt.Sprintf("cpu: %s has %d values, want %d", name, len(values), want))
	}
}
