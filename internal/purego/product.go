package purego

// product is a matrix product whose right operand is never built: row k of it is a tensor seen from
// offset k. For every pixel p of a grid and output channel m,
//
//	y[m][p] = Σk w[m·step + index[k]] · x[offsets[k] + p]
//
// The forward pass of a convolution is one product. Its gradient to the input is one for each phase of the
// stride: the input pixels that the same taps of the filter reach.
type product struct {
	y, x *tensor
	// offsets and index say, for each k, where x is read and which weight it meets. There is an even number
	// of offsets, because correlate takes two: the last of an odd number of taps is repeated, with weight 0.
	offsets, index []int
	// step is the distance of the weights of two output channels.
	step int
	// The grid is rows x columns pixels. The first is at yFirst in y, and the distances between rows and
	// between pixels differ in y and x.
	rows, columns        int
	yFirst, yRow, yPixel int
	xRow, xPixel         int
	// weights are packed [⌈channels/tile⌉][k][tile], 0 for channels past the last.
	weights []float32
}

// Work is done in blocks whose operands fit in the first-level cache.
const (
	// blockTaps is 16 input channels of a 3x3 filter.
	blockTaps = 144
	// blockPixels is 16: a row of 16x16 images, all of a 4x4 one.
	blockPixels = 16
	// blockTiles is 64 channels.
	blockTiles = 16
)

// finish pads the offsets and allocates the packed weights.
func (p *product) finish() {
	if n := len(p.offsets); n%2 == 1 {
		p.offsets = append(p.offsets, p.offsets[n-1])
	}
	p.weights = make([]float32, p.tiles()*tile*len(p.offsets))
}

// tiles is the number of tiles of output channels.
func (p *product) tiles() int { return ceilDiv(p.y.shape.Channels, tile) }

// pack copies the weights into the order in which they are used, and 0 where there is none.
func (p *product) pack(w []float32) {
	taps, channels := len(p.offsets), p.y.shape.Channels
	parallel(p.tiles(), func(t int) {
		packed := p.weights[t*taps*tile:][:taps*tile]
		clear(packed)
		for m := range min(tile, channels-t*tile) {
			from := w[(t*tile+m)*p.step:]
			for k, i := range p.index {
				packed[k*tile+m] = from[i]
			}
		}
	})
}

// unpack is the inverse of pack.
func (p *product) unpack(w []float32) {
	taps, channels := len(p.offsets), p.y.shape.Channels
	parallel(p.tiles(), func(t int) {
		packed := p.weights[t*taps*tile:][:taps*tile]
		for m := range min(tile, channels-t*tile) {
			to := w[(t*tile+m)*p.step:]
			for k, i := range p.index {
				to[i] = packed[k*tile+m]
			}
		}
	})
}

// run computes the product. A task is a block of rows of one group and of tiles of channels.
func (p *product) run(k *kernels) {
	blockRows := max(1, blockPixels/max(1, p.columns))
	rowBlocks, tileBlocks := ceilDiv(p.rows, blockRows), ceilDiv(p.tiles(), blockTiles)
	parallel(p.y.groups()*rowBlocks*tileBlocks, func(i int) {
		group, row, t := i/tileBlocks/rowBlocks, i/tileBlocks%rowBlocks*blockRows, i%tileBlocks*blockTiles
		p.block(k, group, row, min(row+blockRows, p.rows), t, min(t+blockTiles, p.tiles()))
	})
}

// block computes rows and tiles of one group, some taps and columns at a time.
func (p *product) block(k *kernels, group, firstRow, endRow, firstTile, endTile int) {
	taps := len(p.offsets)
	y := p.y.data[p.y.lead+group*p.y.group+p.yFirst:]
	x := p.x.data[group*p.x.group:]
	for tap := 0; tap == 0 || tap < taps; tap += blockTaps {
		offsets := p.offsets[tap:min(tap+blockTaps, taps)]
		for column := 0; column < p.columns; column += blockPixels {
			pixels := min(blockPixels, p.columns-column)
			for t := firstTile; t < endTile; t++ {
				weights := p.weights[(t*taps+tap)*tile:]
				for row := firstRow; row < endRow; row++ {
					k.convolve(
						y[t*tile*p.y.channel+row*p.yRow+column*p.yPixel:], p.y.channel, p.yPixel,
						x[row*p.xRow+column*p.xPixel:], p.xPixel,
						offsets, weights, pixels, tap > 0)
				}
			}
		}
	}
}
