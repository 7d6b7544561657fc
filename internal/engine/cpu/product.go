package cpu

import (
	"runtime"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// product is a matrix product whose right operand is never built: row k of it is a tensor seen from
// offset k. For every pixel p of a grid and output channel m,
//
//	y[m][p] = Σk w[m·step + index[k]] · x[offsets[k] + p]
//
// The forward pass of a convolution is one product. Its gradient to the input is one for each phase of the
// stride: the input pixels that the same taps of the filter reach.
type product struct {
	y, x *tensor
	// offsets and index say, for each k, where x is read and which weight it meets. The number of offsets is a
	// multiple of the kernels' Taps, because Correlate takes as many at a time: the last tap is repeated, with weight 0.
	offsets, index []int
	// step is the distance of the weights of two output channels.
	step int
	// The grid is rows x columns pixels. The first is at yFirst in y, and the distances between rows and
	// between pixels differ in y and x.
	rows, columns        int
	yFirst, yRow, yPixel int
	xRow, xPixel         int
	// tiles divide the output channels. Tile t's weights are packed [k][channel of the tile] from
	// tiles[t]·len(offsets) on, 0 for channels past the last.
	tiles kernels.Tiling
}

// Work is done in blocks whose operands fit in the first-level cache.
const (
	// blockTaps is 16 input channels of a 3x3 filter.
	blockTaps = 144
	// blockPixels is 16: a row of 16x16 images, all of a 4x4 one.
	blockPixels = 16
	// blockTiles is some 64 channels.
	blockTiles = 11
)

// finish pads the offsets and cuts the channels into tiles.
func (p *product) finish() {
	for last := len(p.offsets) - 1; len(p.offsets)%p.y.kernels.Taps != 0; {
		p.offsets = append(p.offsets, p.offsets[last])
	}
	p.tiles = p.y.kernels.Tiling(p.y.shape.Channels)
}

// packedSize is the number of packed weights.
func (p *product) packedSize() int { return p.tiles.Channels() * len(p.offsets) }

// tile is the packed weights of a tile.
func (p *product) tile(packed []float32, t int) []float32 {
	taps := len(p.offsets)
	return packed[p.tiles[t]*taps : p.tiles[t+1]*taps]
}

// pack copies the weights w into the order in which they are used, and 0 where there is none.
func (p *product) pack(filters, w []float32) {
	parallel(p.tiles.Count(), func(t int) {
		packed, first, size := p.tile(filters, t), p.tiles[t], p.tiles.Size(t)
		clear(packed)
		channels := min(size, p.y.shape.Channels-first)
		for k, i := range p.index {
			for m := range channels {
				packed[k*size+m] = w[(first+m)*p.step+i]
			}
		}
	})
}

// unpack is the inverse of pack.
func (p *product) unpack(w, filters []float32) {
	parallel(p.tiles.Count(), func(t int) {
		packed, first, size := p.tile(filters, t), p.tiles[t], p.tiles.Size(t)
		channels := min(size, p.y.shape.Channels-first)
		for k, i := range p.index {
			for m := range channels {
				w[(first+m)*p.step+i] = packed[k*size+m]
			}
		}
	})
}

// run computes the product into y, a tensor like the product's, and does what comes after, which is no pool. A task is a block
// of rows of one group and of tiles of channels, which are fewer where tasks are fewer than processors.
func (p *product) run(filters []float32, y *tensor, after epilogue) {
	blockRows := max(1, blockPixels/max(1, p.columns))
	rowBlocks, tiles := ceilDiv(p.rows, blockRows), blockTiles
	for tiles > 1 && p.y.groups()*rowBlocks*ceilDiv(p.tiles.Count(), tiles) < runtime.GOMAXPROCS(0) {
		tiles /= 2
	}
	tileBlocks := ceilDiv(p.tiles.Count(), tiles)
	parallel(p.y.groups()*rowBlocks*tileBlocks, func(i int) {
		group, row, t := i/tileBlocks/rowBlocks, i/tileBlocks%rowBlocks*blockRows, i%tileBlocks*tiles
		end, endTile := min(row+blockRows, p.rows), min(t+tiles, p.tiles.Count())
		p.block(filters, y, group, row, end, t, endTile)
		if after.apply == nil {
			return
		}
		r := kernels.Rows{Count: end - row, Length: p.columns * p.yPixel, Stride: p.yRow}
		for c := p.tiles[t]; c < min(p.tiles[endTile], y.shape.Channels); c++ {
			after.apply(y.plane(group, c)[row*p.yRow:], r, group, c)
		}
	})
}

// block computes rows and tiles of one group, some taps and columns at a time.
func (p *product) block(filters []float32, to *tensor, group, firstRow, endRow, firstTile, endTile int) {
	taps := len(p.offsets)
	y := to.data[to.lead+group*to.group+p.yFirst:]
	x := p.x.data[group*p.x.group:]
	for tap := 0; tap == 0 || tap < taps; tap += blockTaps {
		offsets := p.offsets[tap:min(tap+blockTaps, taps)]
		for column := 0; column < p.columns; column += blockPixels {
			pixels := min(blockPixels, p.columns-column)
			for t := firstTile; t < endTile; t++ {
				size := p.tiles.Size(t)
				weights := p.tile(filters, t)[tap*size:]
				for row := firstRow; row < endRow; row++ {
					p.y.kernels.Convolve(
						y[p.tiles[t]*p.y.channel+row*p.yRow+column*p.yPixel:], p.y.channel, p.yPixel,
						x[row*p.xRow+column*p.xPixel:], p.xPixel,
						offsets, weights, size, pixels, tap > 0)
				}
			}
		}
	}
}
