package cpu

import (
	"runtime"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// imageProduct is what convolutions and linear layers of an image have in common: the affineLayers after them are theirs.
type imageProduct struct {
	in, out channels
	weight  string
	after   affineLayers
	blocks  []kernels.Affine
	// groups are the blocks of the output that are computed together: the first of each, and the end.
	groups kernels.Tiling
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
	lanes, inputs := p.in.kernels.Lanes, p.in.count
	width, first := (endBlock-firstBlock)*lanes, firstBlock*lanes
	for i := range min(width, p.out.count-first) {
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
	p.out = newChannels(in.tensor, f.output(in.shape, outputs))
	for first := 0; first < p.out.shape.Channels; first += in.kernels.ChannelBlocks {
		p.groups = append(p.groups, first)
	}
	p.groups = append(p.groups, p.out.shape.Channels)
	if suitsImageWinograd(p, f) {
		w := newImageWinograd(p)
		return w, &w.after, w.out
	}
	c := &imageConv{imageProduct: p, filter: f}
	for y := range f.height {
		for x := range f.width {
			for channel := range in.count {
				c.offsets = append(c.offsets, in.lead+in.at(channel)+(y-f.pad)*in.row+(x-f.pad)*in.kernels.Lanes)
			}
		}
	}
	for g := range p.groups.Count() {
		c.weights = append(c.weights, make([]float32, len(c.offsets)*p.groups.Size(g)*in.kernels.Lanes))
	}
	return c, &c.after, c.out
}

func (c *imageConv) pack(vars Tensors) {
	groups, taps := c.groups, c.filter.height*c.filter.width
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
	return min(rows, ceilDiv(tasks, p.groups.Count()))
}

func (c *imageConv) run() {
	groups, height := c.groups, c.out.shape.Height
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

// suitsImageWinograd says whether a convolution gains by it: with few tiles only as long as the second-level cache holds the
// filters, of which there are four times as many; and with tiles that are not full only where the filters are many. The file
// memory.go of package engine estimates by the same rule, but for full tiles.
func suitsImageWinograd(p imageProduct, f filter) bool {
	const fewTiles, manyTiles, fewFilters, manyFilters = 4, 16, 4_000, 10_000
	tiles, filters := tilesOf(p.in.shape), p.in.count*p.out.count
	full := padded(p.in.shape.Height) == p.in.shape.Height && padded(p.in.shape.Width) == p.in.shape.Width
	return winogradFits(p.in.shape, f) && (tiles >= manyTiles || tiles >= fewTiles && filters <= manyFilters) &&
		(full || filters >= fewFilters) && p.in.count >= p.in.kernels.WinogradChannels
}

func newImageWinograd(p imageProduct) *imageWinograd {
	w := &imageWinograd{imageProduct: p, tiles: newTileProduct(p.out.tensor, p.in.tensor, weightIndex{})}
	lanes := p.in.kernels.Lanes
	w.input.channel, w.input.tile = w.tiles.tiles()*lanes, lanes
	w.input.position = p.in.shape.Channels*w.input.channel + spread*lanes
	for channel := range p.in.count {
		w.offsets = append(w.offsets, channel/lanes*w.input.channel+channel%lanes)
	}
	for g := range p.groups.Count() {
		w.filters = append(w.filters, make([]float32, positions*len(w.offsets)*p.groups.Size(g)*lanes))
	}
	return w
}

func (w *imageWinograd) pack(vars Tensors) {
	k, groups := w.in.kernels, w.groups
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
	w.input.values = w.in.arena.take(positions * w.input.position)
	defer w.in.arena.give(w.input.values)
	blocks := w.in.shape.Channels
	parts := min(blocks, max(1, positions*w.tiles.tiles()*blocks/taskVectors))
	parallel(parts, func(i int) {
		first, end := i*blocks/parts, (i+1)*blocks/parts
		to := w.input
		to.values = to.values[first*to.channel:]
		w.tiles.transform(to, w.in.tensor, 0, w.tiles.tiles(), first, end)
	})
	groups, rows := w.groups, w.tiles.rows
	bands := w.bands(positions*w.tiles.tiles()*len(w.offsets)*w.out.shape.Channels, rows)
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
	w.tiles.store(w.out.tensor, y, first, count, firstBlock, endBlock, epilogue{apply: func(rows []float32, r kernels.Rows, _, block int) {
		k.Affine(rows, rows, r, &w.blocks[block])
	}}, nil)
}
