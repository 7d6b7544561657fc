package cpu

import (
	"runtime"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// winograd is the convolution with 3x3 filters, padded by one pixel, in 36 multiplications for every 4x4 outputs, where
// direct takes 144; see [kernels.Winograd]. Between the transforms are 36 small matrix products, one for each position
// in a transformed tile, which the kernels of direct compute.
type winograd struct {
	// forward computes the output, and backward the gradient to the input: it is the same with mirrored filters.
	forward, backward tileProduct
}

// winogradFits says whether winograd can compute a convolution: its tiles must end where the image does with the zeros that it
// is padded with, or one pixel later, at the border.
func winogradFits(in data.Shape, f filter) bool {
	return f == filter{3, 3, 1, 1, 1} && min(in.Height, in.Width) >= kernels.OutputSide-1
}

// tilesOf is the number of tiles of an image.
func tilesOf(in data.Shape) int {
	return ceilDiv(in.Height, kernels.OutputSide) * ceilDiv(in.Width, kernels.OutputSide)
}

// suitsWinograd says whether winograd can compute a convolution, and gains by it: what it saves must be worth the transforms of
// tiles, which matter where channels are few, and those of filters, where tiles are few, unless filters stay packed. Tiles that
// are not full save less. The file memory.go of package engine estimates by the same rule.
func suitsWinograd(in, out *tensor, f filter) bool {
	// What a pixel takes by definition and a tile by transforms, for each input and output; the transforms of a filter; and
	// those of a tile, for each input or output, divided by WinogradChannels: a fit to BenchmarkWinograd.
	const pixel, tile, packing, transforms = 9, 38, 280, 55
	pixels, tiles := int64(in.shape.Height)*int64(in.shape.Width), int64(tilesOf(in.shape))
	saved := pixel*pixels - tile*tiles
	if groups := int64(in.groups()); in.slots == nil {
		tiles *= groups
		saved = saved*groups - packing
	}
	inputs, outputs := int64(in.shape.Channels), int64(out.shape.Channels)
	return winogradFits(in.shape, f) && inputs*outputs*saved >= transforms*int64(in.kernels.WinogradChannels)*(inputs+outputs)*tiles
}

func newWinograd(in, out *tensor) *winograd {
	c := in.shape.Channels
	return &winograd{
		forward:  newTileProduct(out, in, weightIndex{y: filterTaps * c, x: 1, tap: c}),
		backward: newTileProduct(in, out, weightIndex{y: 1, x: filterTaps * c, tap: -c, first: (filterTaps - 1) * c}),
	}
}

// packedSize implements [convolution].
func (w *winograd) packedSize() int { return w.forward.packedSize() }

// pack implements [convolution].
func (w *winograd) pack(filters, weights []float32) { w.forward.pack(filters, weights) }

// output implements [convolution].
func (w *winograd) output(filters []float32, y *tensor, after epilogue) {
	w.forward.run(filters, y, after)
}

// inputGradient implements [convolution].
func (w *winograd) inputGradient(weights []float32) {
	p := &w.backward
	filters := p.y.arena.take(p.packedSize())
	defer p.y.arena.give(filters)
	p.pack(filters, weights)
	p.run(filters, p.y, epilogue{})
}

// weightGradient implements [convolution].
func (w *winograd) weightGradient(dw []float32) { w.forward.gradient(dw) }

// keeps implements [convolution]: of tiles that windows fill.
func (w *winograd) keeps(size int) bool { return kernels.OutputSide%size == 0 }

const (
	filterTaps = kernels.FilterSide * kernels.FilterSide
	positions  = kernels.InputSide * kernels.InputSide
)

// tileProduct computes y from x with 3x3 filters, some tiles at a time.
type tileProduct struct {
	y, x    *tensor
	weights weightIndex
	// channels divide y's, as in product.
	channels kernels.Tiling
	// rows and columns are the tiles of an image.
	rows, columns int
}

// tiles are those of all groups. They are counted row by row.
func (p *tileProduct) tiles() int { return p.y.groups() * p.rows * p.columns }

// weightIndex says where the weights are: that of tap t, from channel k of x to channel m of y, is at
// first + m·y + k·x + t·tap.
type weightIndex struct{ first, y, x, tap int }

func newTileProduct(y, x *tensor, w weightIndex) tileProduct {
	rows, columns := ceilDiv(y.shape.Height, kernels.OutputSide), ceilDiv(y.shape.Width, kernels.OutputSide)
	return tileProduct{
		y: y, x: x, weights: w, channels: y.kernels.Tiling(y.shape.Channels),
		rows: rows, columns: columns,
	}
}

// Work is done in blocks whose operands fit in a cache.
const (
	// blockInputs is how many input channels of a chunk fit in the first-level cache, for one position.
	blockInputs = 128
	// blockOutputs is for how many tiles of channels a chunk's products fit in the second-level cache.
	blockOutputs = 8
	// spread is how many vectors lie between the positions of transformed tiles, beside what is in them: a power of two
	// would have them all in one set of a cache.
	spread = 5
)

// run computes to, a tensor like y or a pool's of it, and does what comes after. A task is a chunk of tiles, and where those
// are few, a part of the outputs: each then transforms the inputs again. Where tasks are fewer than processors chunks are smaller.
// No sum depends on that. The file memory.go of package engine estimates what it takes.
func (p *tileProduct) run(filters []float32, to *tensor, after epilogue) {
	lanes, inputs := p.y.kernels.Lanes, p.x.shape.Channels
	processors, blocks := runtime.GOMAXPROCS(0), ceilDiv(p.channels.Count(), blockOutputs)
	chunk := 4 // tiles that are transformed and multiplied together
	if inputs <= 32 {
		chunk = 8
	}
	for chunk > 1 && ceilDiv(p.tiles(), chunk)*blocks < processors {
		chunk /= 2
	}
	chunks := ceilDiv(p.tiles(), chunk)
	parts := min(blocks, ceilDiv(4*processors, chunks))
	offsets := chunkOffsets(inputs, chunk*lanes)
	x := transformed{channel: chunk * lanes, tile: lanes, position: (inputs*chunk + spread) * lanes}
	outputs := min(blockOutputs*p.y.kernels.WideTile, p.channels.Channels())
	y := transformed{channel: chunk * lanes, tile: lanes, position: (outputs*chunk + spread) * lanes}
	rows := 0 // of the outputs of a chunk, which a pool reads, and one that it does not
	if after.pool != nil {
		rows = (kernels.OutputSide + 1) * kernels.OutputSide * chunk * lanes
	}
	parallel(chunks*parts, func(i int) {
		memory := p.y.arena.take(positions*(x.position+y.position) + rows)
		defer p.y.arena.give(memory)
		x, y := x, y
		x.values = memory[:positions*x.position]
		y.values = memory[positions*x.position:][:positions*y.position]
		rows := memory[positions*(x.position+y.position):]
		first, part := i/parts*chunk, i%parts
		count := min(chunk, p.tiles()-first)
		p.transform(x, p.x, first, count, 0, inputs)
		for block := part * blocks / parts; block < (part+1)*blocks/parts; block++ {
			t := block * blockOutputs
			end := min(t+blockOutputs, p.channels.Count())
			p.multiply(y, x, offsets, filters, t, end, count)
			p.store(to, y, first, count, p.channels[t], min(p.channels[end], p.y.shape.Channels), after, rows)
		}
	})
}

// transformed are tiles of some channels after a transform.
type transformed struct {
	values []float32
	// channel, tile and position are distances.
	channel, tile, position int
}

// grid is where the matrices of a channel are.
func (t transformed) grid() kernels.Grid {
	return kernels.Grid{Row: kernels.InputSide * t.position, Column: t.position, Step: t.tile}
}

// tileGrid is where the tiles of a row are in a tensor.
func tileGrid(t *tensor) kernels.Grid {
	return kernels.Grid{Row: t.row, Column: t.kernels.Lanes, Step: kernels.OutputSide * t.kernels.Lanes}
}

// eachRow calls f for the rows that a chunk of tiles is in: n tiles from one on, which is number i of the chunk.
func (p *tileProduct) eachRow(first, count int, f func(i, group, row, column, n int)) {
	for i := 0; i < count; {
		tile := first + i
		column := tile % p.columns
		n := min(p.columns-column, count-i)
		f(i, tile/p.columns/p.rows, tile/p.columns%p.rows, column, n)
		i += n
	}
}

// transform transforms tiles of the inputs from one channel up to another.
func (p *tileProduct) transform(to transformed, from *tensor, first, count, channel, end int) {
	k, lanes := from.kernels, from.kernels.Lanes
	p.eachRow(first, count, func(i, group, row, column, n int) {
		at := from.lead + group*from.group + (kernels.OutputSide*row-1)*from.row + (kernels.OutputSide*column-1)*lanes
		for c := channel; c < end; c++ {
			k.Winograd.Input(to.values[(c-channel)*to.channel+i*to.tile:], to.grid(), from.data[at+c*from.channel:], tileGrid(from), n)
		}
	})
}

// store transforms tiles of the outputs from one channel up to another, does what comes after, and writes them to y: by
// way of some memory if there is a pool.
func (p *tileProduct) store(y *tensor, from transformed, first, count, channel, end int, after epilogue, memory []float32) {
	k, lanes := p.y.kernels, p.y.kernels.Lanes
	p.eachRow(first, count, func(i, group, row, column, n int) {
		top, left := kernels.OutputSide*row, kernels.OutputSide*column
		image := kernels.Rows{Count: min(kernels.OutputSide, p.y.shape.Height-top), Length: min(kernels.OutputSide*n, p.y.shape.Width-left) * lanes}
		grid := tileGrid(p.y)
		if after.pool != nil {
			grid.Row = kernels.OutputSide * n * lanes
		}
		image.Stride = grid.Row
		for c := channel; c < end; c++ {
			rows := memory
			if after.pool == nil {
				rows = y.plane(group, c)[top*y.row+left*lanes:]
			}
			k.Winograd.Output(rows, grid, from.values[(c-channel)*from.channel+i*from.tile:], from.grid(), n)
			if after.apply != nil {
				after.apply(rows, image, group, c)
			}
			if after.pool != nil {
				after.pool.keep(rows, image, group, c, top, left)
			} else {
				y.clearPast(group, c, top, left, n)
			}
		}
	})
}

// clearPast clears what is outside of the image in n tiles of a row, of which the first is at a pixel, of a channel.
func (t *tensor) clearPast(group, channel, top, left, n int) {
	lanes, plane := t.kernels.Lanes, t.plane(group, channel)
	right := left + kernels.OutputSide*n
	for y := top; y < top+kernels.OutputSide; y++ {
		from := t.shape.Width
		if y >= t.shape.Height {
			from = left
		}
		if from < right {
			clear(plane[y*t.row+from*lanes : y*t.row+right*lanes])
		}
	}
}

// multiply computes the products of count tiles for the outputs in some tiles of channels.
func (p *tileProduct) multiply(y, x transformed, offsets []int, filters []float32, firstTile, endTile, count int) {
	k, inputs := p.y.kernels, len(offsets)
	plane := p.plane()
	for position := range positions {
		from, weights := x.values[position*x.position:], filters[position*plane:]
		for input := 0; input < inputs; input += blockInputs {
			block := offsets[input:min(input+blockInputs, inputs)]
			for t := firstTile; t < endTile; t++ {
				size := p.channels.Size(t)
				k.Convolve(
					y.values[position*y.position+(p.channels[t]-p.channels[firstTile])*y.channel:], y.channel, k.Lanes, from, k.Lanes,
					block, weights[p.channels[t]*inputs+input*size:], size, count, input > 0)
			}
		}
	}
}

// chunkOffsets are where channels are that lie a distance apart.
func chunkOffsets(channels, distance int) []int {
	offsets := make([]int, channels)
	for i := range offsets {
		offsets[i] = i * distance
	}
	return offsets
}

// plane is the number of filters, rounded up to whole vectors. Those of a position, or of a tap, are one plane: [tile of
// channels][input][channel in the tile].
func (p *tileProduct) plane() int {
	lanes := p.y.kernels.Lanes
	return ceilDiv(p.channels.Channels()*p.x.shape.Channels, lanes) * lanes
}

// planes is where the filters of a plane are as matrices.
func planes(side, plane, lanes int) kernels.Grid {
	return kernels.Grid{Row: side * plane, Column: plane, Step: lanes}
}

// packedSize is the number of transformed filters.
func (p *tileProduct) packedSize() int { return positions * p.plane() }

// pack transforms the filters w: [position][plane].
func (p *tileProduct) pack(filters, w []float32) {
	k, inputs, plane := p.y.kernels, p.x.shape.Channels, p.plane()
	taps := p.y.arena.take(filterTaps * plane)
	defer p.y.arena.give(taps)
	tiles := p.channels.Count()
	parallel(filterTaps*tiles, func(i int) {
		tap, t := i/tiles, i%tiles
		packed := taps[tap*plane:][:plane]
		first, size := p.channels[t], p.channels.Size(t)
		channels := min(size, p.y.shape.Channels-first)
		for input := range inputs {
			to := packed[first*inputs+input*size:][:size]
			from := p.weights.first + first*p.weights.y + input*p.weights.x + tap*p.weights.tap
			for m := range channels {
				to[m] = w[from+m*p.weights.y]
			}
			clear(to[channels:])
		}
		if t == tiles-1 {
			clear(packed[p.channels.Channels()*inputs:])
		}
	})
	eachBlock(plane/k.Lanes, func(first, count int) {
		k.Winograd.Filter(filters[first*k.Lanes:], planes(kernels.InputSide, plane, k.Lanes),
			taps[first*k.Lanes:], planes(kernels.FilterSide, plane, k.Lanes), count)
	})
}

// eachBlock calls f for parts of n, in parallel.
func eachBlock(n int, f func(first, count int)) {
	const least, most, tasks = 8, 64, 32
	block := min(max(ceilDiv(n, tasks), least), most)
	parallel(ceilDiv(n, block), func(i int) { f(i*block, min(block, n-i*block)) })
}
