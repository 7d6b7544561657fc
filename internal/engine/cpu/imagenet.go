package cpu

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// imageNet is a network compiled to classify one image at a time: where [Net] has as many images in the lanes of a
// vector, it has channels. So one image costs one image. Weights are packed when they are new, and norms are part of
// the convolution before them. It is not safe for concurrent use.
type imageNet struct {
	input, output channels
	ops           []imageOp
	logits        []float32
	// packed are the variables that the operations hold.
	packed *weights
}

// imageOp is an operation on an image.
type imageOp interface {
	// pack takes what the operation needs of the variables.
	pack(vars Tensors)
	run()
}

// channels is an image in a tensor whose images are lanes of channels, and whose channels are blocks of as many: channel c
// is lane c%lanes of block c/lanes.
type channels struct {
	*tensor
	count int // of the image's channels
}

// newChannels is an image of a shape beside a tensor.
func newChannels(t *tensor, shape data.Shape) channels {
	blocks := ceilDiv(shape.Channels, t.kernels.Lanes)
	return channels{t.beside(data.Shape{Height: shape.Height, Width: shape.Width, Channels: blocks}), shape.Channels}
}

// at is where in a pixel a channel is.
func (c channels) at(channel int) int {
	lanes := c.kernels.Lanes
	return channel/lanes*c.channel + channel%lanes
}

// first is a channel's value in the first pixel.
func (c channels) first(channel int) *float32 { return &c.data[c.lead+c.at(channel)] }

func compileImage(n layers.Network, k *kernels.Set) (*imageNet, error) {
	net := &imageNet{}
	net.input = newChannels(&tensor{kernels: k, arena: &arena{}, batch: &batch{k.Lanes, k.Lanes}}, n.Input)
	var err error
	if net.ops, net.output, err = lowerImage(n.Layers, net.input); err != nil {
		return nil, err
	}
	net.logits = make([]float32, net.output.count)
	return net, nil
}

// classify returns the logits of an image [height, width, channels], normalised, which are valid until the next call.
func (n *imageNet) classify(w *weights, image []float32) []float32 {
	if n.packed != w {
		for _, o := range n.ops {
			o.pack(w.tensors)
		}
		n.packed = w
	}
	in := n.input
	for y := range in.shape.Height {
		for x := range in.shape.Width {
			pixel := in.data[in.lead+y*in.row+x*in.kernels.Lanes:]
			for c := range in.count {
				pixel[in.at(c)] = image[(y*in.shape.Width+x)*in.count+c]
			}
		}
	}
	for _, o := range n.ops {
		o.run()
	}
	for c := range n.logits {
		n.logits[c] = *n.output.first(c)
	}
	return n.logits
}

// lowerImage turns a sequence of layers into operations on in, which they leave alone.
func lowerImage(sequence []layers.Layer, in channels) (ops []imageOp, out channels, err error) {
	add := func(o imageOp, out channels) { ops, in = append(ops, o), out }
	same := func(o op, t *tensor) { add(onTensors{o}, channels{t, in.count}) }
	i := 0
	conv := func(l layers.Layer, outputs int, name string, biased bool) {
		bias := ""
		if biased {
			bias = name + "/bias"
		}
		o, after, out := newImageConv(in, outputs, filterOf(l, in.shape), name+"/weight", bias)
		i += after.take(sequence[i+1:])
		add(o, out)
	}
	for ; i < len(sequence); i++ {
		switch l := sequence[i].(type) {
		case layers.Conv:
			conv(l, l.Out, l.Name, false)
		case layers.PatchWhitening:
			conv(l, l.Channels(in.count), l.Name, l.Bias)
		case layers.Linear:
			conv(l, l.Out, l.Name, l.Bias)
		case layers.BatchNorm, layers.Scale, layers.ReLU, layers.CELU, layers.GELU, layers.SiLU:
			a := &imageAffine{in: in, out: channels{in.beside(in.shape), in.count}}
			i += a.after.take(sequence[i:]) - 1
			add(a, a.out)
		case layers.MaxPool:
			m := newMaxPool(in.tensor, l.Size, l.Size)
			same(m, m.out)
		case layers.GlobalMaxPool:
			m := newMaxPool(in.tensor, in.shape.Height, in.shape.Width)
			same(m, m.out)
		case layers.GlobalMeanPool:
			m := newGlobalMean(in.tensor)
			same(m, m.out)
		case layers.GlobalMaxMeanPool:
			m := newImageMaxMean(in)
			add(m, m.out)
		case layers.Residual:
			r := &imageResidual{}
			branch, shortcut := pathsOf(l)
			if r.branch, r.out, err = lowerImage(branch, in); err != nil {
				return nil, channels{}, err
			}
			if r.shortcut, r.shortcutOut, err = lowerImage(shortcut, in); err != nil {
				return nil, channels{}, err
			}
			add(r, r.out)
		default:
			return nil, channels{}, fmt.Errorf("%w: %v", ErrUnsupported, l)
		}
	}
	return ops, in, nil
}

// onTensors is an operation of [Net] that treats every lane alike and has no variables.
type onTensors struct{ op }

func (onTensors) pack(Tensors) {}
func (o onTensors) run()       { o.forward(nil) }

// imageMaxMean is a [globalMaxMean] whose means follow the last maximum, and not the block that it is in.
type imageMaxMean struct {
	in, out channels
	pools   *globalMaxMean
}

func newImageMaxMean(in channels) *imageMaxMean {
	out := newChannels(in.tensor, data.Shape{Height: 1, Width: 1, Channels: 2 * in.count})
	return &imageMaxMean{in, out, newGlobalMaxMean(in.tensor)}
}

func (*imageMaxMean) pack(Tensors) {}

func (m *imageMaxMean) run() {
	m.pools.forward(nil)
	pooled := channels{tensor: m.pools.out}
	firstMean := m.in.shape.Channels * m.in.kernels.Lanes
	for c := range m.in.count {
		*m.out.first(c) = *pooled.first(c)
		*m.out.first(m.in.count + c) = *pooled.first(firstMean + c)
	}
}

// imageResidual adds the shortcut's output to the branch's, which is the block's.
type imageResidual struct {
	branch, shortcut []imageOp
	out, shortcutOut channels
}

func (r *imageResidual) pack(vars Tensors) {
	for _, o := range r.branch {
		o.pack(vars)
	}
	for _, o := range r.shortcut {
		o.pack(vars)
	}
}

func (r *imageResidual) run() {
	for _, o := range r.branch {
		o.run()
	}
	for _, o := range r.shortcut {
		o.run()
	}
	r.out.add(r.shortcutOut.tensor)
}

// affineLayers are a bias, norms, scales and then an activation, any of which may be missing: f(gain·x + shift) for each
// channel.
type affineLayers struct {
	bias   string
	layers []layers.Layer
	f      kernels.Activation
}

// take takes what layers it can from the start of a sequence, and says how many.
func (a *affineLayers) take(sequence []layers.Layer) int {
	for i, l := range sequence {
		switch l.(type) {
		case layers.BatchNorm, layers.Scale:
			a.layers = append(a.layers, l)
		default:
			f, ok := activationOf(l)
			if !ok {
				return i
			}
			a.f = f
			return i + 1
		}
	}
	return len(sequence)
}

// pack returns the coefficients of each block. They are 0 in lanes without a channel.
func (a *affineLayers) pack(vars Tensors, c channels) []kernels.Affine {
	blocks := make([]kernels.Affine, c.shape.Channels)
	for i := range blocks {
		blocks[i].F = a.f
	}
	for channel := range c.count {
		gain, shift := 1.0, 0.0
		if a.bias != "" {
			shift = float64(vars[a.bias][channel])
		}
		for _, l := range a.layers {
			switch l := l.(type) {
			case layers.BatchNorm:
				epsilon, _ := l.Constants()
				s := statistics{mean: float64(vars[l.Name+"/mean"][channel]), variance: float64(vars[l.Name+"/variance"][channel])}
				g := scaleOf(vars[l.Name+"/scale"], channel) * s.inverseDeviation(epsilon)
				gain, shift = gain*g, (shift-s.mean)*g+float64(vars[l.Name+"/bias"][channel])
			case layers.Scale:
				gain, shift = gain*l.Factor, shift*l.Factor
			}
		}
		block, lane := &blocks[channel/c.kernels.Lanes], channel%c.kernels.Lanes
		block.Gain[lane], block.Shift[lane] = float32(gain), float32(shift)
	}
	return blocks
}

// imageAffine is affineLayers that follow no convolution.
type imageAffine struct {
	in, out channels
	after   affineLayers
	blocks  []kernels.Affine
}

func (a *imageAffine) pack(vars Tensors) { a.blocks = a.after.pack(vars, a.in) }

func (a *imageAffine) run() {
	a.in.perChannel(func(g, block int) {
		a.in.kernels.Affine(a.out.plane(g, block), a.in.plane(g, block), a.in.rows(), &a.blocks[block])
	})
}
