package cpu

import (
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

// slack is how many rows of zeros follow the last channel. Where tiles of winograd end at the border, their transform reads
// the pixel and the row past it: here the first row, and a pixel of the second. Kernels also move their pointers a pixel
// past the last that they read, and those have to stay in the allocation.
const slack = 2

// tensor is one activation of a batch, and after the backward pass its gradient.
//
// Its layout is [group][channel][row][column][image]. A group is as many images as its kernels have lanes, side by side.
// Each row and each channel end in zeros, one pixel and one row of them, or a few where sides are [padded]. The zero pixel
// that ends a row also precedes the next one, and the zero row that ends a channel is also above the next one's first, so a
// pixel's neighbours are at the same distance everywhere and those outside of the image read as 0. A lead of zeros precedes
// the first channel. What is outside of the image is 0 whenever an operation has ended; of a tensor in a slot, where others
// have been, when it is an operation of the type border that has.
//
// In the last group the lanes past the batch are computed like the others. Their values are finite and
// ignored, their gradients are 0. Groups past the batch are left alone.
type tensor struct {
	// kernels compute with the tensor, and decide its layout.
	kernels *kernels.Set
	// arena is the memory of what computes with the tensor.
	arena *arena
	// slots are where the tensors beside it are, and it is in slot itself if it was made beside one; nil for memory of their
	// own.
	slots *slots
	slot  int
	shape data.Shape
	batch *batch
	// fixed says that nothing trainable comes before the tensor, so that its gradient is of no use.
	fixed bool
	// data starts with the lead.
	data []float32
	// row, channel, group and lead are distances in elements; a pixel's is the kernels' Lanes.
	row, channel, group, lead int
}

// batch is what tensors that are beside each other hold.
type batch struct {
	images int // of the pass in progress: all that there is memory for, or fewer in a net that only answers
	most   int
}

// newTensor makes a tensor of a batch for kernels, with an arena of its own.
func newTensor(k *kernels.Set, shape data.Shape, images int) *tensor {
	return (&tensor{kernels: k, arena: &arena{}, batch: &batch{images, images}}).beside(shape)
}

// padded is the side of an image with the zeros that let tiles of winograd end at its border, if it is long enough for more
// than one of them: they cost less than the products that tiles save. The file memory.go of package engine follows it.
func padded(length int) int {
	if rest := length % kernels.OutputSide; length > kernels.OutputSide && rest > 0 {
		return length - rest + kernels.OutputSide - 1
	}
	return length
}

// beside is a new tensor of another shape, for the same images, the same kernels, the same arena and the same slots.
func (t *tensor) beside(shape data.Shape) *tensor {
	t = t.without(shape)
	t.claim()
	return t
}

// claim gives the tensor its memory, or has it planned in a slot.
func (t *tensor) claim() {
	if t.slots != nil {
		t.slots.add(t)
	} else {
		t.data = make([]float32, t.size())
	}
}

// without is a tensor like one beside t, without memory.
func (t *tensor) without(shape data.Shape) *tensor {
	k := t.kernels
	t = &tensor{kernels: k, arena: t.arena, slots: t.slots, shape: shape, batch: t.batch}
	t.row = (padded(shape.Width) + 1) * k.Lanes
	t.channel = (padded(shape.Height) + 1) * t.row
	t.group = k.Tiling(shape.Channels).Channels() * t.channel
	t.lead = t.row + k.Lanes
	return t
}

// size is the number of elements.
func (t *tensor) size() int {
	return t.lead + ceilDiv(t.batch.most, t.kernels.Lanes)*t.group + slack*t.row
}

// giveBack says that the tensor has been read for the last time.
func (t *tensor) giveBack() {
	if t.slots != nil {
		t.slots.Give(t.slot)
	}
}

func (t *tensor) groups() int { return ceilDiv(t.batch.images, t.kernels.Lanes) }

// images is how many images of a group are part of the batch.
func (t *tensor) images(group int) int {
	return min(t.kernels.Lanes, t.batch.images-group*t.kernels.Lanes)
}

// plane is the rows of one channel of a group, up to and with its border.
func (t *tensor) plane(group, channel int) []float32 {
	start := t.lead + group*t.group + channel*t.channel
	return t.data[start : start+t.channel : start+t.channel]
}

// rows is the part of a plane that holds the image.
func (t *tensor) rows() kernels.Rows {
	return kernels.Rows{Count: t.shape.Height, Length: t.shape.Width * t.kernels.Lanes, Stride: t.row}
}

// load fills the tensor with images in [batch, height, width, channels] order, and with 0 past the batch.
func (t *tensor) load(images []float32) {
	size, channels, lanes := t.shape.Size(), t.shape.Channels, t.kernels.Lanes
	const together = 8 // rows
	blocks := ceilDiv(t.shape.Height, together)
	parallel(t.groups()*blocks, func(i int) {
		g, first := i/blocks, i%blocks*together
		for c := range channels {
			plane := t.plane(g, c)
			for y := first; y < min(first+together, t.shape.Height); y++ {
				for x := range t.shape.Width {
					pixel := plane[y*t.row+x*lanes:][:lanes]
					from := g*lanes*size + (y*t.shape.Width+x)*channels + c
					for i := range t.images(g) {
						pixel[i] = images[from+i*size]
					}
					clear(pixel[t.images(g):])
				}
			}
		}
	})
}

// store is the inverse of load.
func (t *tensor) store(images []float32) {
	size, channels, lanes := t.shape.Size(), t.shape.Channels, t.kernels.Lanes
	for i := range t.batch.images {
		for c := range channels {
			plane := t.plane(i/lanes, c)
			for y := range t.shape.Height {
				for x := range t.shape.Width {
					images[i*size+(y*t.shape.Width+x)*channels+c] = plane[y*t.row+x*lanes+i%lanes]
				}
			}
		}
	}
}

// add adds u, of the same shape.
func (t *tensor) add(u *tensor) {
	t.perChannel(func(g, c int) { addRows(t.kernels, t.plane(g, c), u.plane(g, c), t.rows()) })
}

// addRows adds rows of u to those of t.
func addRows(k *kernels.Set, t, u []float32, r kernels.Rows) { k.AffineBackward(u, t, r, addition) }

// addition are the coefficients with which a gradient is added to what it goes through.
var addition = &kernels.AffineGradient{Affine: kernels.Affine{Gain: kernels.Fill(1)}, XGain: kernels.Fill(1)}

// clearPadding makes the lanes past the batch 0 in one channel of a group.
func (t *tensor) clearPadding(group, channel int) {
	used, lanes := t.images(group), t.kernels.Lanes
	if used == lanes {
		return
	}
	plane := t.plane(group, channel)
	for i := 0; i < len(plane); i += lanes {
		clear(plane[i+used : i+lanes])
	}
}

// clearBorder makes what is outside of the images 0, and channels past the last.
func (t *tensor) clearBorder() {
	clear(t.data[:t.lead])
	parallel(t.groups(), func(g int) {
		for c := range t.shape.Channels {
			plane := t.plane(g, c)
			bottom := t.shape.Height * t.row
			for row := 0; row < bottom; row += t.row {
				clear(plane[row+t.shape.Width*t.kernels.Lanes : row+t.row])
			}
			clear(plane[bottom:])
		}
		group := t.data[t.lead+g*t.group:][:t.group]
		clear(group[t.shape.Channels*t.channel:])
	})
	clear(t.data[t.lead+t.groups()*t.group:][:slack*t.row])
}

// taskChannels is how many channels of a group are one task of perChannel.
const taskChannels = 4

// taskVectors is how many vectors, read or written once, are worth another processor.
const taskVectors = 2000

// perChannel runs f for every channel of every group, in parallel unless they are small.
func (t *tensor) perChannel(f func(group, channel int)) {
	channels := t.shape.Channels
	if channels*t.groups()*t.channel < taskVectors*t.kernels.Lanes {
		for g := range t.groups() {
			for c := range channels {
				f(g, c)
			}
		}
		return
	}
	blocks := ceilDiv(channels, taskChannels)
	parallel(t.groups()*blocks, func(i int) {
		g, first := i/blocks, i%blocks*taskChannels
		for c := first; c < min(first+taskChannels, channels); c++ {
			f(g, c)
		}
	})
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
