package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// The gradient to the filters is a sum over all tiles. A task computes it for a block of inputs and one of outputs, over
// a part of the tiles: their number is fixed, so that sums are the same for any number of processors. The file memory.go of
// package engine estimates what they take.
const (
	gradientChunk    = 4  // tiles that are transformed and multiplied together
	gradientChannels = 64 // of the inputs, and of the outputs: half as many where tiles are few
	gradientTasks    = 16
)

// gradientSide is the inputs or the outputs of a gradient to the filters.
type gradientSide struct {
	channels  int
	transform func(to transformed, first, count, channel, end int)
}

// gradient computes the gradient dw to the filters from x and the gradient that y holds. For each position it is a
// product of two matrices, over the lanes and tiles: one of them is transposed, so that its channels are in the lanes,
// and nothing is added up across lanes.
func (p *tileProduct) gradient(dw []float32) {
	k, arena, lanes := p.y.kernels, p.y.arena, p.y.kernels.Lanes
	inputs := gradientSide{p.x.shape.Channels, func(to transformed, first, count, channel, end int) {
		p.transform(to, p.x, first, count, channel, end)
	}}
	outputs := gradientSide{p.y.shape.Channels, p.transformGradient}
	// across is the side in the lanes, of which fewer should be empty.
	across, down := inputs, outputs
	swapped := waste(outputs.channels, lanes) < waste(inputs.channels, lanes)
	if swapped {
		across, down = outputs, inputs
	}
	blocks := ceilDiv(across.channels, lanes)
	// The sums of a position: [block of across][channel of down][lane].
	plane := blocks * down.channels * lanes
	chunks := ceilDiv(p.tiles(), gradientChunk)
	taskChannels := gradientChannels
	if chunks*ceilDiv(across.channels, taskChannels)*ceilDiv(down.channels, taskChannels) < gradientTasks {
		taskChannels /= 2
	}
	taskBlocks := ceilDiv(taskChannels, lanes)
	acrossTasks, downTasks := ceilDiv(blocks, taskBlocks), ceilDiv(down.channels, taskChannels)
	parts := min(max(1, gradientTasks/(acrossTasks*downTasks)), chunks)
	sums := arena.take(parts * positions * plane)
	defer arena.give(sums)

	parallel(parts*acrossTasks*downTasks, func(i int) {
		part, block, channel := i/downTasks/acrossTasks, i/downTasks%acrossTasks*taskBlocks, i%downTasks*taskChannels
		g := gradientTask{
			p: p, across: across, down: down, sums: sums[part*positions*plane:], plane: plane,
			block: block, endBlock: min(block+taskBlocks, blocks), channel: channel, end: min(channel+taskChannels, down.channels),
		}
		g.run(part*chunks/parts, (part+1)*chunks/parts)
	})

	taps := arena.take(filterTaps * plane)
	defer arena.give(taps)
	eachBlock(plane/lanes, func(first, count int) {
		for part := 1; part < parts; part++ {
			for position := range positions {
				to, from := sums[position*plane+first*lanes:], sums[(part*positions+position)*plane+first*lanes:]
				addRows(k, to, from, kernels.Rows{Count: 1, Length: count * lanes})
			}
		}
		k.Winograd.FilterGradient(taps[first*lanes:], planes(kernels.FilterSide, plane, lanes),
			sums[first*lanes:], planes(kernels.InputSide, plane, lanes), count)
	})

	acrossStep, downStep := p.weights.x, p.weights.y
	if swapped {
		acrossStep, downStep = downStep, acrossStep
	}
	parallel(filterTaps*blocks, func(i int) {
		tap, block := i/blocks, i%blocks
		for channel := block * lanes; channel < min((block+1)*lanes, across.channels); channel++ {
			from := taps[tap*plane+block*down.channels*lanes+channel%lanes:]
			at := p.weights.first + channel*acrossStep + tap*p.weights.tap
			for m := range down.channels {
				dw[at+m*downStep] = from[m*lanes]
			}
		}
	})
}

// waste is how many lanes of so many channels are empty, of all.
func waste(channels, lanes int) float64 {
	all := ceilDiv(channels, lanes) * lanes
	return float64(all-channels) / float64(all)
}

// gradientTask is the sums for some blocks of channels across the lanes and some channels down.
type gradientTask struct {
	p                             *tileProduct
	across, down                  gradientSide
	sums                          []float32
	plane                         int
	block, endBlock, channel, end int
}

// run computes the sums over some chunks.
func (g *gradientTask) run(chunk, endChunk int) {
	k, arena, lanes := g.p.y.kernels, g.p.y.arena, g.p.y.kernels.Lanes
	blocks, channels := g.endBlock-g.block, g.end-g.channel
	across := transformed{channel: gradientChunk * lanes, tile: lanes, position: (blocks*lanes*gradientChunk + spread) * lanes}
	down := transformed{channel: lanes, tile: channels * lanes, position: (channels*gradientChunk + spread) * lanes}
	memory := arena.take(positions*(across.position+down.position) + gradientChunk*lanes*k.ChannelBlocks*lanes)
	defer arena.give(memory)
	across.values, memory = memory[:positions*across.position], memory[positions*across.position:]
	down.values, memory = memory[:positions*down.position], memory[positions*down.position:]
	// A product goes through the lanes of one tile after the other.
	var offsets []int
	for tile := range gradientChunk {
		for lane := range lanes {
			offsets = append(offsets, tile*down.tile+lane)
		}
	}
	if empty := g.endBlock*lanes - g.across.channels; empty > 0 {
		for position := range positions {
			clear(across.values[position*across.position+(blocks*lanes-empty)*across.channel:][:empty*across.channel])
		}
	}
	for c := chunk; c < endChunk; c++ {
		first, count := c*gradientChunk, min(gradientChunk, g.p.tiles()-c*gradientChunk)
		g.across.transform(across, first, count, g.block*lanes, min(g.endBlock*lanes, g.across.channels))
		g.down.transform(down, first, count, g.channel, g.end)
		for position := range positions {
			for block := 0; block < blocks; block += k.ChannelBlocks {
				together := min(k.ChannelBlocks, blocks-block)
				for i := range together {
					for tile := range count {
						k.Transpose(memory[(tile*lanes*together+i)*lanes:], together*lanes,
							across.values[position*across.position+(block+i)*lanes*across.channel+tile*lanes:], across.channel)
					}
				}
				k.ConvolveChannels(
					g.sums[position*g.plane+((g.block+block)*g.down.channels+g.channel)*lanes:], g.down.channels*lanes,
					down.values[position*down.position:], offsets[:count*lanes], memory, together, channels, c > chunk)
			}
		}
	}
}

// transformGradient transforms tiles of the gradient that y holds, from one channel up to another.
func (p *tileProduct) transformGradient(to transformed, first, count, channel, end int) {
	y := p.y
	p.eachRow(first, count, func(i, group, row, column, n int) {
		for c := channel; c < end; c++ {
			from := y.plane(group, c)[kernels.OutputSide*(row*y.row+column*y.kernels.Lanes):]
			y.kernels.Winograd.OutputGradient(to.values[(c-channel)*to.channel+i*to.tile:], to.grid(), from, tileGrid(y), n)
		}
	})
}
