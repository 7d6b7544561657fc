package cpu

import (
	"fmt"
	"runtime"

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

// channels is an image in a tensor whose images are lanes of channels, and whose channels are as many blocks.
type channels struct {
	*tensor
	// slots are the channels: the slot of a channel is lane slot%lanes of block slot/lanes.
	slots []int
}

// newChannels is an image of a shape beside a tensor.
func newChannels(t *tensor, shape data.Shape) channels {
	lanes := t.kernels.Lanes
	c := channels{slots: chunkOffsets(shape.Channels, 1)}
	c.tensor = t.beside(data.Shape{Height: shape.Height, Width: shape.Width, Channels: ceilDiv(shape.Channels, lanes)})
	return c
}

// at is where in a pixel a channel is.
func (c channels) at(channel int) int {
	lanes := c.kernels.Lanes
	return c.slots[channel]/lanes*c.channel + c.slots[channel]%lanes
}

func compileImage(n layers.Network, k *kernels.Set) (*imageNet, error) {
	net := &imageNet{}
	net.input = newChannels(&tensor{kernels: k, arena: &arena{}, batch: k.Lanes}, n.Input)
	var err error
	if net.ops, net.output, err = lowerImage(n.Layers, net.input); err != nil {
		return nil, err
	}
	net.logits = make([]float32, len(net.output.slots))
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
			for c := range in.slots {
				pixel[in.at(c)] = image[(y*in.shape.Width+x)*len(in.slots)+c]
			}
		}
	}
	for _, o := range n.ops {
		o.run()
	}
	for c := range n.logits {
		n.logits[c] = n.output.data[n.output.lead+n.output.at(c)]
	}
	return n.logits
}

// lowerImage turns a sequence of layers into operations on in, which they leave alone.
func lowerImage(sequence []layers.Layer, in channels) (ops []imageOp, out channels, err error) {
	add := func(o imageOp, out channels) { ops, in = append(ops, o), out }
	same := func(o op, t *tensor) { add(onTensors{o}, channels{t, in.slots}) }
	i := 0
	conv := func(outputs int, f filter, name string, biased bool) {
		bias := ""
		if biased {
			bias = name + "/bias"
		}
		o, after, out := newImageConv(in, outputs, f, name+"/weight", bias)
		i += after.take(sequence[i+1:])
		add(o, out)
	}
	for ; i < len(sequence); i++ {
		switch l := sequence[i].(type) {
		case layers.Conv:
			conv(l.Out, filter{l.Kernel, l.Kernel, l.Stride, l.Stride, l.Kernel / 2}, l.Name, false)
		case layers.PatchWhitening:
			conv(l.Channels(len(in.slots)), filter{l.Kernel, l.Kernel, 1, 1, l.Pad()}, l.Name, l.Bias)
		case layers.Linear:
			h, w := in.shape.Height, in.shape.Width
			conv(l.Out, filter{h, w, h, w, 0}, l.Name, l.Bias)
		case layers.BatchNorm, layers.Scale, layers.ReLU, layers.CELU, layers.GELU:
			a := &imageAffine{in: in, out: channels{in.beside(in.shape), in.slots}}
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
			m := newGlobalMaxMean(in.tensor)
			both := channels{tensor: m.out}
			for _, half := range []int{0, in.shape.Channels} {
				for _, slot := range in.slots {
					both.slots = append(both.slots, half*in.kernels.Lanes+slot)
				}
			}
			add(onTensors{m}, both)
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
	for channel, slot := range c.slots {
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
		block, lane := &blocks[slot/c.kernels.Lanes], slot%c.kernels.Lanes
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

// imageProduct is what convolutions and linear layers of an image have in common: the affineLayers after them are theirs.
type imageProduct struct {
	in, out channels
	weight  string
	after   affineLayers
	blocks  []kernels.Affine
}

// groups are the blocks of the output that are computed together: the first of each, and the end.
func (p *imageProduct) groups() kernels.Tiling {
	var all kernels.Tiling
	for first := 0; first < p.out.shape.Channels; first += p.in.kernels.ChannelBlocks {
		all = append(all, first)
	}
	return append(all, p.out.shape.Channels)
}

// affine applies the affineLayers to rows of some blocks of the output.
func (p *imageProduct) affine(firstBlock, endBlock, firstRow, endRow int) {
	rows := p.out.rows()
	rows.Count = endRow - firstRow
	for block := firstBlock; block < endBlock; block++ {
		y := p.out.plane(0, block)[firstRow*p.out.row:]
		p.in.kernels.Affine(y, y, rows, &p.blocks[block])
	}
}

// packed copies the weights of a tap for a group of blocks: [input][block][lane].
func (p *imageProduct) packed(to, w []float32, firstBlock, endBlock, tap, taps int) {
	lanes, inputs := p.in.kernels.Lanes, len(p.in.slots)
	width, first := (endBlock-firstBlock)*lanes, firstBlock*lanes
	for i := range min(width, len(p.out.slots)-first) {
		from := w[((first+i)*taps+tap)*inputs:][:inputs]
		for input, v := range from {
			to[input*width+i] = v
		}
	}
}

// imageConv is a convolution, or a linear layer, by definition.
type imageConv struct {
	imageProduct
	filter filter
	// offsets say for each tap where the first pixel reads x: [filter row][filter column][input].
	offsets []int
	// weights are those of a group of blocks: [offset][block][lane].
	weights [][]float32
}

// newImageConv chooses the algorithm of a convolution by its shape.
func newImageConv(in channels, outputs int, f filter, weight, bias string) (op imageOp, after *affineLayers, out channels) {
	p := imageProduct{in: in, weight: weight, after: affineLayers{bias: bias}}
	p.out = newChannels(in.tensor, data.Shape{
		Height:   (in.shape.Height+2*f.pad-f.height)/f.strideHeight + 1,
		Width:    (in.shape.Width+2*f.pad-f.width)/f.strideWidth + 1,
		Channels: outputs,
	})
	if suitsImageWinograd(p, f) {
		w := newImageWinograd(p)
		return w, &w.after, w.out
	}
	c := &imageConv{imageProduct: p, filter: f}
	for y := range f.height {
		for x := range f.width {
			for channel := range in.slots {
				c.offsets = append(c.offsets, in.lead+in.at(channel)+(y-f.pad)*in.row+(x-f.pad)*in.kernels.Lanes)
			}
		}
	}
	groups := p.groups()
	for g := range groups.Count() {
		c.weights = append(c.weights, make([]float32, len(c.offsets)*groups.Size(g)*in.kernels.Lanes))
	}
	return c, &c.after, c.out
}

func (c *imageConv) pack(vars Tensors) {
	groups, taps := c.groups(), c.filter.height*c.filter.width
	parallel(groups.Count(), func(g int) {
		each := len(c.weights[g]) / taps
		for tap := range taps {
			c.packed(c.weights[g][tap*each:], vars[c.weight], groups[g], groups[g+1], tap, taps)
		}
	})
	c.blocks = c.after.pack(vars, c.out)
}

// Blocks of an image's convolution.
const (
	// imageTaps is how many taps' weights fit in the first-level cache.
	imageTaps = 96
	// taskProducts is how many products of vectors are worth another processor, which has to fetch what this one has in
	// its caches.
	taskProducts = 30_000
	// exponentialProducts is how many products take as long as the activation of a vector that takes exponentials.
	exponentialProducts = 50
)

// bands is into how many parts the rows, of each group, are to be cut for all processors to have some.
func (p *imageProduct) bands(products, rows int) int {
	if p.after.f.Kind > kernels.ReLU {
		products += exponentialProducts * p.out.shape.Size()
	}
	tasks := min(4*runtime.GOMAXPROCS(0), max(1, products/taskProducts))
	return min(rows, ceilDiv(tasks, p.groups().Count()))
}

func (c *imageConv) run() {
	groups, height := c.groups(), c.out.shape.Height
	bands := c.bands(len(c.offsets)*c.out.shape.Channels*height*c.out.shape.Width, height)
	parallel(groups.Count()*bands, func(i int) {
		g, band := i/bands, i%bands
		first, end := band*height/bands, (band+1)*height/bands
		c.rows(c.weights[g], groups[g], groups.Size(g), first, end)
		c.affine(groups[g], groups[g+1], first, end)
	})
}

// rows computes rows of a group of blocks.
func (c *imageConv) rows(weights []float32, firstBlock, blocks, firstRow, endRow int) {
	in, out, k, f := c.in, c.out, c.in.kernels, c.filter
	for tap := 0; tap < len(c.offsets); tap += imageTaps {
		offsets, weights := c.offsets[tap:min(tap+imageTaps, len(c.offsets))], weights[tap*blocks*k.Lanes:]
		for row := firstRow; row < endRow; row++ {
			y, x := out.data[out.lead+firstBlock*out.channel+row*out.row:], in.data[row*f.strideHeight*in.row:]
			if f.strideWidth == 1 {
				k.ConvolveChannels(y, out.channel, x, offsets, weights, blocks, out.shape.Width, tap > 0)
				continue
			}
			for column := range out.shape.Width {
				k.ConvolveChannels(y[column*k.Lanes:], out.channel, x[column*f.strideWidth*k.Lanes:], offsets, weights, blocks, 1, tap > 0)
			}
		}
	}
}

// imageWinograd is a convolution by Winograd's algorithm: see the type winograd. It takes the filters transformed once
// and for all.
type imageWinograd struct {
	imageProduct
	tiles tileProduct // where the tiles are
	// offsets are where the channels of the transformed input are, for a position.
	offsets []int
	input   transformed
	// filters are those of a group of blocks: [position][input][block][lane].
	filters [][]float32
}

// suitsImageWinograd says whether a convolution gains by it: with few tiles only as long as the second-level cache holds
// the filters, of which there are four times as many.
func suitsImageWinograd(p imageProduct, f filter) bool {
	const fewTiles, manyTiles, manyFilters = 4, 16, 10_000
	tiles, filters := tilesOf(p.in.shape), len(p.in.slots)*len(p.out.slots)
	return winogradFits(p.in.shape, f) && (tiles >= manyTiles || tiles >= fewTiles && filters <= manyFilters) &&
		len(p.in.slots) >= p.in.kernels.WinogradChannels
}

func newImageWinograd(p imageProduct) *imageWinograd {
	w := &imageWinograd{imageProduct: p, tiles: newTileProduct(p.out.tensor, p.in.tensor, weightIndex{})}
	lanes := p.in.kernels.Lanes
	w.input.channel, w.input.tile = w.tiles.tiles*lanes, lanes
	w.input.position = p.in.shape.Channels*w.input.channel + spread*lanes
	w.input.values = make([]float32, positions*w.input.position)
	for _, slot := range p.in.slots {
		w.offsets = append(w.offsets, slot/lanes*w.input.channel+slot%lanes)
	}
	groups := p.groups()
	for g := range groups.Count() {
		w.filters = append(w.filters, make([]float32, positions*len(w.offsets)*groups.Size(g)*lanes))
	}
	return w
}

func (w *imageWinograd) pack(vars Tensors) {
	k, groups := w.in.kernels, w.groups()
	parallel(groups.Count(), func(g int) {
		plane := len(w.filters[g]) / positions
		taps := make([]float32, filterTaps*plane)
		for tap := range filterTaps {
			w.packed(taps[tap*plane:], vars[w.weight], groups[g], groups[g+1], tap, filterTaps)
		}
		k.Winograd.Filter(w.filters[g], planes(kernels.InputSide, plane, k.Lanes), taps, planes(kernels.FilterSide, plane, k.Lanes), plane/k.Lanes)
	})
	w.blocks = w.after.pack(vars, w.out)
}

func (w *imageWinograd) run() {
	blocks := w.in.shape.Channels
	parts := min(blocks, max(1, positions*w.tiles.tiles*blocks/taskVectors))
	parallel(parts, func(i int) {
		first, end := i*blocks/parts, (i+1)*blocks/parts
		to := w.input
		to.values = to.values[first*to.channel:]
		w.tiles.transform(to, w.in.tensor, 0, w.tiles.tiles, first, end)
	})
	groups, rows := w.groups(), w.tiles.rows
	bands := w.bands(positions*w.tiles.tiles*len(w.offsets)*w.out.shape.Channels, rows)
	parallel(groups.Count()*bands, func(i int) {
		g, band := i/bands, i%bands
		w.rows(w.filters[g], groups[g], groups[g+1], band*rows/bands, (band+1)*rows/bands)
	})
}

// rows computes rows of tiles for a group of blocks.
func (w *imageWinograd) rows(filters []float32, firstBlock, endBlock, firstRow, endRow int) {
	k, blocks, inputs := w.in.kernels, endBlock-firstBlock, len(w.offsets)
	first, count := firstRow*w.tiles.columns, (endRow-firstRow)*w.tiles.columns
	y := transformed{channel: count * k.Lanes, tile: k.Lanes, position: (blocks*count + spread) * k.Lanes}
	y.values = w.in.arena.take(positions * y.position)
	defer w.in.arena.give(y.values)
	for position := range positions {
		x := w.input.values[position*w.input.position+first*k.Lanes:]
		for input := 0; input < inputs; input += imageTaps {
			k.ConvolveChannels(y.values[position*y.position:], y.channel, x, w.offsets[input:min(input+imageTaps, inputs)],
				filters[(position*inputs+input)*blocks*k.Lanes:], blocks, count, input > 0)
		}
	}
	w.tiles.store(w.out.tensor, y, first, count, firstBlock, endBlock, func(rows []float32, r kernels.Rows, _, block int) {
		k.Affine(rows, rows, r, &w.blocks[block])
	})
}
