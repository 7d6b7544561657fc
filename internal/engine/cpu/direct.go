package cpu

import "github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"

// direct is the convolution by definition, for every filter: products of matrices that are never built.
type direct struct {
	in, out *tensor
	filter  filter
	// forward computes the output, and backward together the gradient to the input, if that is of use.
	forward  product
	backward []product
	// segments are the rows of out, in the order in which the gradient to the weights is summed.
	segments []kernels.Segment
}

func newDirect(in, out *tensor, f filter) *direct {
	d := &direct{in: in, out: out, filter: f}
	d.forward = d.forwardProduct()
	if !in.fixed {
		for y := range f.strideHeight {
			for x := range f.strideWidth {
				d.backward = append(d.backward, d.backwardProduct(y, x))
			}
		}
	}
	for g := range out.groups() {
		for y := range out.shape.Height {
			d.segments = append(d.segments, kernels.Segment{
				Dy: out.lead + g*out.group + y*out.row,
				X:  g*in.group + y*f.strideHeight*in.row,
			})
		}
	}
	return d
}

// forwardProduct is y[m][pixel] over the taps (input channel, filter row, filter column).
func (d *direct) forwardProduct() product {
	f, in, out := d.filter, d.in, d.out
	lanes := in.kernels.Lanes
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

// backwardProduct is the gradient to the input pixels with (row+pad) mod stride = phaseY and (column+pad) mod
// stride = phaseX: output row y and filter row ky meet at input row y·stride + ky - pad. It reads no further than the
// border of out: a filter that is larger than its padding allows is the image itself, or whitens the network's input.
func (d *direct) backwardProduct(phaseY, phaseX int) product {
	f, in, out := d.filter, d.in, d.out
	lanes := in.kernels.Lanes
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

// packedSize implements [convolution].
func (d *direct) packedSize() int { return d.forward.packedSize() }

// pack implements [convolution].
func (d *direct) pack(filters, w []float32) { d.forward.pack(filters, w) }

// output implements [convolution].
func (d *direct) output(filters []float32, y *tensor, after epilogue) {
	d.forward.run(filters, y, after)
}

// inputGradient implements [convolution].
func (d *direct) inputGradient(w []float32) {
	for i := range d.backward {
		p := &d.backward[i]
		filters := p.y.arena.take(p.packedSize())
		p.pack(filters, w)
		p.run(filters, p.y, epilogue{})
		p.y.arena.give(filters)
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

// weightGradient implements [convolution]: dw[m][k] = Σ dy[m][pixel] · x[k][pixel] over all pixels of the batch. Where weights are
// few a task computes the sums over a part of the pixels. The number of parts does not depend on that of processors, so that
// sums do not, either. They are packed like the weights.
func (d *direct) weightGradient(dw []float32) {
	p, k := &d.forward, d.in.kernels
	taps, tiles := len(p.offsets), p.tiles.Count()
	tapBlocks, tileBlocks := ceilDiv(taps, gradientTaps), ceilDiv(tiles, gradientTiles)
	together := max(1, gradientPixels/p.columns) // segments
	runs := ceilDiv(len(d.segments), together)
	parts := min(max(1, gradientTasks/(tapBlocks*tileBlocks)), runs)
	packed := p.packedSize()
	sums := p.y.arena.take(parts * packed)
	defer p.y.arena.give(sums)
	clear(sums)
	parallel(parts*tapBlocks*tileBlocks, func(i int) {
		part, firstTile, firstTap := i/tapBlocks/tileBlocks, i/tapBlocks%tileBlocks*gradientTiles, i%tapBlocks*gradientTaps
		own := sums[part*packed:][:packed]
		for run := part * runs / parts; run < (part+1)*runs/parts; run++ {
			segments := d.segments[run*together : min((run+1)*together, len(d.segments))]
			for t := firstTile; t < min(firstTile+gradientTiles, tiles); t++ {
				dy, to, size := d.out.data[p.tiles[t]*d.out.channel:], p.tile(own, t), p.tiles.Size(t)
				for tap := firstTap; tap < min(firstTap+gradientTaps, taps); tap += k.Taps {
					k.Correlate(to[tap*size:], dy, d.out.channel, d.in.data, p.xPixel, p.offsets[tap:], segments, size, p.columns)
				}
			}
		}
	})
	for part := 1; part < parts; part++ {
		for i, v := range sums[part*packed:][:packed] {
			sums[i] += v
		}
	}
	p.unpack(dw, sums[:packed])
}

// keeps implements [convolution].
func (d *direct) keeps(int) bool { return false }
