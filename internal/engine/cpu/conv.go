package cpu

import "github.com/fastresnet/fastresnet/data"

// filter is the geometry of a convolution. A linear layer is one whose filter and stride are the image.
type filter struct {
	height, width             int
	strideHeight, strideWidth int
	pad                       int
}

// conv is a convolution without bias.
type conv struct {
	in, out *tensor
	weight  string
	// frozen weights have no gradient.
	frozen bool
	filter filter
	// forwardProduct computes out, backwardProducts together the gradient to in.
	forwardProduct   product
	backwardProducts []product
	// segments are the rows of out, in the order in which the gradient to the weights is summed.
	segments []segment
}

func newConv(in *tensor, channels int, weight string, f filter) *conv {
	c := &conv{in: in, weight: weight, filter: f}
	c.out = newTensor(data.Shape{
		Height:   (in.shape.Height+2*f.pad-f.height)/f.strideHeight + 1,
		Width:    (in.shape.Width+2*f.pad-f.width)/f.strideWidth + 1,
		Channels: channels,
	}, in.batch)
	c.forwardProduct = c.newForward()
	for y := range f.strideHeight {
		for x := range f.strideWidth {
			c.backwardProducts = append(c.backwardProducts, c.newBackward(y, x))
		}
	}
	for g := range c.out.groups() {
		for y := range c.out.shape.Height {
			c.segments = append(c.segments, segment{
				dy: c.out.lead + g*c.out.group + y*c.out.row,
				x:  g*in.group + y*f.strideHeight*in.row,
			})
		}
	}
	return c
}

// newForward is y[m][pixel] over the taps (input channel, filter row, filter column).
func (c *conv) newForward() product {
	f, in, out := c.filter, c.in, c.out
	p := product{
		y: out, x: in,
		step: f.height * f.width * in.shape.Channels,
		rows: out.shape.Height, columns: out.shape.Width,
		yRow: out.row, yPixel: lanes,
		xRow: f.strideHeight * in.row, xPixel: f.strideWidth * lanes,
	}
	for channel := range in.shape.Channels {
		for ky := range f.height {
			for kx := range f.width {
				p.offsets = append(p.offsets, in.lead+channel*in.channel+(ky-f.pad)*in.row+(kx-f.pad)*lanes)
				p.index = append(p.index, (ky*f.width+kx)*in.shape.Channels+channel)
			}
		}
	}
	p.finish()
	return p
}

// newBackward is the gradient to the input pixels with (row+pad) mod stride = phaseY and (column+pad) mod
// stride = phaseX: output row y and filter row ky meet at input row y·stride + ky - pad.
func (c *conv) newBackward(phaseY, phaseX int) product {
	f, in, out := c.filter, c.in, c.out
	firstY := (phaseY - f.pad%f.strideHeight + f.strideHeight) % f.strideHeight
	firstX := (phaseX - f.pad%f.strideWidth + f.strideWidth) % f.strideWidth
	p := product{
		y: in, x: out,
		step:    1,
		rows:    ceilDiv(max(0, in.shape.Height-firstY), f.strideHeight),
		columns: ceilDiv(max(0, in.shape.Width-firstX), f.strideWidth),
		yFirst:  firstY*in.row + firstX*lanes,
		yRow:    f.strideHeight * in.row, yPixel: f.strideWidth * lanes,
		xRow: out.row, xPixel: lanes,
	}
	for channel := range out.shape.Channels {
		for ky := phaseY; ky < f.height; ky += f.strideHeight {
			for kx := phaseX; kx < f.width; kx += f.strideWidth {
				y, x := (firstY+f.pad-ky)/f.strideHeight, (firstX+f.pad-kx)/f.strideWidth
				p.offsets = append(p.offsets, out.lead+channel*out.channel+y*out.row+x*lanes)
				p.index = append(p.index, ((channel*f.height+ky)*f.width+kx)*in.shape.Channels)
			}
		}
	}
	p.finish()
	return p
}

func (c *conv) forward(n *Net) {
	c.forwardProduct.pack(n.vars[c.weight])
	c.forwardProduct.run(n.kernels)
}

func (c *conv) backward(n *Net) {
	if !c.frozen {
		c.weightGradient(n.kernels, n.grads[c.weight])
	}
	if !c.in.fixed {
		c.inputGradient(n)
	}
}

func (c *conv) inputGradient(n *Net) {
	for i := range c.backwardProducts {
		p := &c.backwardProducts[i]
		p.pack(n.vars[c.weight])
		p.run(n.kernels)
	}
}

// The gradient to the weights is computed in blocks of gradientTiles tiles of output channels by
// gradientTaps taps. Each goes through the batch in runs of about gradientPixels pixels, whose operands
// stay in the first-level cache.
const (
	gradientTiles  = 2
	gradientTaps   = 36
	gradientPixels = 64
)

// weightGradient computes dw[m][k] = Σ dy[m][pixel] · x[k][pixel] over all pixels of the batch, every sum
// from the first group to the last in one task. The sums take the place of the packed weights.
func (c *conv) weightGradient(k *kernels, dw []float32) {
	p := &c.forwardProduct
	clear(p.weights)
	taps, tiles := len(p.offsets), p.tiles.count()
	tapBlocks := ceilDiv(taps, gradientTaps)
	run := max(1, gradientPixels/p.columns)
	parallel(tapBlocks*ceilDiv(tiles, gradientTiles), func(i int) {
		firstTap, firstTile := i%tapBlocks*gradientTaps, i/tapBlocks*gradientTiles
		for first := 0; first < len(c.segments); first += run {
			segments := c.segments[first:min(first+run, len(c.segments))]
			for t := firstTile; t < min(firstTile+gradientTiles, tiles); t++ {
				dy, sums, size := c.out.data[p.tiles[t]*c.out.channel:], p.packed(t), p.tiles.size(t)
				for tap := firstTap; tap < min(firstTap+gradientTaps, taps); tap += correlateTaps {
					k.correlate(sums[tap*size:], dy, c.out.channel, c.in.data, p.xPixel, p.offsets[tap:], segments, size, p.columns)
				}
			}
		}
	})
	p.unpack(dw)
}
