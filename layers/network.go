package layers

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet/data"
)

// Network is a convolutional classifier as data: the shape of its images and the layers they go through.
type Network struct {
	// Name says what the network is, as in "resnet9".
	Name string
	// Input is the shape of one image.
	Input data.Shape
	// Layers are applied in order. The last one's output is the logits: [1, 1, classes].
	Layers []Layer
}

// Clone is a copy that shares nothing with the network, nor with its blocks.
func (n Network) Clone() Network {
	n.Layers = cloneLayers(n.Layers)
	return n
}

func cloneLayers(layers []Layer) []Layer {
	all := slices.Clone(layers)
	for i, l := range all {
		if block, ok := l.(Residual); ok {
			all[i] = Residual{Branch: cloneLayers(block.Branch), Shortcut: cloneLayers(block.Shortcut)}
		}
	}
	return all
}

// ResolvedLayer is one layer of a resolved network.
type ResolvedLayer struct {
	Layer Layer
	// Depth is 0 for the network's own layers and 1 more in each residual block.
	Depth int
	// In and Out are the shapes of one image before and after the layer.
	In, Out data.Shape
	// Variables are the layer's own; a residual block's belong to the layers in it, which follow it.
	Variables []Variable
	// MultiplyAdds counts the multiply-adds of the layer's own convolution or matrix product for one
	// image, forward. Training costs three times as much.
	MultiplyAdds int64
}

// Plan resolves the network: every layer with its shapes, variables and work, residual blocks opened up.
// Its errors wrap [ErrNetwork].
func (n Network) Plan() ([]ResolvedLayer, error) {
	steps, _, err := n.resolve()
	return steps, err
}

// resolve checks the network, and returns its steps and the shape of its output.
func (n Network) resolve() (steps []ResolvedLayer, out data.Shape, err error) {
	in := n.Input
	if in == (data.Shape{}) {
		return nil, out, fmt.Errorf("%w: input shape %v: Network.Input is not set", ErrNetwork, in)
	}
	if in.Height < 1 || in.Width < 1 || in.Channels < 1 {
		return nil, out, fmt.Errorf("%w: input shape %v, need 1x1x1 at least", ErrNetwork, in)
	}
	if in.Height > maxValues || in.Width > maxValues/in.Height || in.Channels > maxValues/(in.Height*in.Width) {
		return nil, out, fmt.Errorf("%w: input shape %v, need no more than %d values", ErrNetwork, in, maxValues)
	}
	if len(n.Layers) == 0 {
		return nil, out, fmt.Errorf("%w: no layers", ErrNetwork)
	}
	if steps, out, err = plan(n.Layers, n.Input); err != nil {
		return nil, out, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	if out.Height != 1 || out.Width != 1 {
		return nil, out, fmt.Errorf("%w: the last layer's output is %dx%d, want 1x1", ErrNetwork, out.Height, out.Width)
	}
	if len(steps) > maxLayers {
		return nil, out, fmt.Errorf("%w: %d layers, need no more than %d", ErrNetwork, len(steps), maxLayers)
	}
	total := int64(0)
	for i, s := range steps {
		if w, is := s.Layer.(PatchWhitening); is && i > 0 {
			return nil, out, fmt.Errorf("%w: the whitening %q, of patches of the images, is behind other layers or in a block: it must be the first", ErrNetwork, w.Name)
		}
		if s.Depth > maxDepth {
			return nil, out, fmt.Errorf("%w: residual blocks %d deep, need no more than %d", ErrNetwork, s.Depth, maxDepth)
		}
		if total += values(s.Out); total > maxValues {
			return nil, out, fmt.Errorf("%w: all outputs for one image are more than %d values", ErrNetwork, maxValues)
		}
	}
	if err := checkNames(steps); err != nil {
		return nil, out, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	return steps, out, nil
}

// checkNames wants names of variables that differ and that a file can hold.
func checkNames(steps []ResolvedLayer) error {
	of := map[string]int{} // the steps, by the names of their variables
	for i, s := range steps {
		for _, v := range s.Variables {
			other, taken := of[v.Name]
			switch {
			case len(v.Name) > maxName:
				return fmt.Errorf("a variable's name of %d bytes, need no more than %d", len(v.Name), maxName)
			case !utf8.ValidString(v.Name):
				return fmt.Errorf("a variable is named %q, which is not UTF-8", v.Name)
			case taken && v.Layer() == "":
				return fmt.Errorf("%s and %s have no Name, by which their variables are told apart", place(steps, other), place(steps, i))
			case taken:
				return fmt.Errorf("%s and %s both have a variable %q: each needs a Name of its own", place(steps, other), place(steps, i), v.Name)
			}
			of[v.Name] = i
		}
	}
	return nil
}

// place is step i and where it is in its network, as in "layer 3 (ReLU)" or, if it is in a block, "ReLU in layer 3 (Residual)".
func place(steps []ResolvedLayer, i int) string {
	layer, own := -1, 0 // the network's own layer that the step is of
	for j, s := range steps[:i+1] {
		if s.Depth == 0 {
			layer, own = layer+1, j
		}
	}
	text := fmt.Sprintf("layer %d (%v)", layer, steps[own].Layer)
	if i > own {
		text = fmt.Sprintf("%v in %s", steps[i].Layer, text)
	}
	return text
}

// plan resolves layers in sequence. Its errors say which layer, counted from 0; they do not wrap ErrNetwork
// yet.
func plan(layers []Layer, in data.Shape) (steps []ResolvedLayer, out data.Shape, err error) {
	for i, l := range layers {
		if typeName(l) == "" {
			return nil, out, fmt.Errorf("layer %d is a %T, not one of this package's layers by value", i, l)
		}
		r, err := l.resolve(in)
		if err != nil {
			return nil, out, fmt.Errorf("layer %d, %v: %w", i, l, err)
		}
		if values(r.out) > maxValues {
			return nil, out, fmt.Errorf("layer %d, %v: its output is %v, need no more than %d values", i, l, r.out, maxValues)
		}
		steps = append(steps, ResolvedLayer{Layer: l, In: in, Out: r.out, Variables: r.variables, MultiplyAdds: r.multiplyAdds})
		for _, s := range r.inner {
			s.Depth++
			steps = append(steps, s)
		}
		in = r.out
	}
	return steps, in, nil
}

// Variables lists the network's variables in the order of its layers. Errors wrap [ErrNetwork].
func (n Network) Variables() ([]Variable, error) {
	steps, err := n.Plan()
	if err != nil {
		return nil, err
	}
	var all []Variable
	for _, s := range steps {
		all = append(all, s.Variables...)
	}
	return all, nil
}

// Classes is the number of logits; 0 if the network cannot be resolved.
func (n Network) Classes() int {
	_, out, err := n.resolve()
	if err != nil {
		return 0
	}
	return out.Channels
}

// Body is the network without its classifier: the layers before the last [Linear] at the top level, so without what
// follows that too, such as a [Scale]. Its output, [1, 1, N], are the features that the classifier tells the classes
// by. Its variables are the first of the network's, under the same names. It shares nothing with the network.
//
// The error wraps [ErrNetwork] if there is no such layer, if no layer is before it, or if its input is larger than 1x1.
func (n Network) Body() (Network, error) {
	if _, err := n.Plan(); err != nil {
		return Network{}, err
	}
	last := n.Classifier()
	if last < 0 {
		return Network{}, fmt.Errorf("%w: no body: no layer at the top level is Linear", ErrNetwork)
	}
	body := Network{Name: n.Name, Input: n.Input, Layers: cloneLayers(n.Layers[:last])}
	if _, err := body.Plan(); err != nil {
		return Network{}, fmt.Errorf("the body before layer %d, %v: %w", last, n.Layers[last], err)
	}
	return body, nil
}
