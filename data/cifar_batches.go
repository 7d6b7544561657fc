package data

import (
	"fmt"
	"io"
	"slices"
)

// The sizes of an image and of one of its planes.
const (
	cifarPlane = 32 * 32
	cifarImage = 3 * cifarPlane
)

// batches are the files of a data set while they are read: one array for all, in the order of its files, so that each
// can be read on its own and none is moved afterwards.
type batches struct {
	set    cifar
	starts []int // the first image of each file, and the number of all
	pixels []uint8
	labels []int
}

func (c cifar) newBatches() *batches {
	b := &batches{set: c, starts: []int{0}}
	n := 0
	for _, images := range c.images {
		n += images
		b.starts = append(b.starts, n)
	}
	b.pixels, b.labels = make([]uint8, n*cifarImage), make([]int, n)
	return b
}

// read reads one of a version's files from r.
func (b *batches) read(file int, v cifarVersion, r io.Reader) error {
	from, to := b.starts[file], b.starts[file+1]
	if err := v.layout.read(r, b.pixels[from*cifarImage:to*cifarImage], b.labels[from:to], len(b.set.classes)); err != nil {
		return fmt.Errorf("%s: %w", v.files[file], err)
	}
	return nil
}

// checkSize reports a size, in bytes, that one of a version's files cannot have.
func (c cifar) checkSize(file int, v cifarVersion, size int64) error {
	if err := v.layout.checkSize(size, c.images[file]); err != nil {
		return fmt.Errorf("%s: %w", v.files[file], err)
	}
	return nil
}

// split returns the training files and the test file as a set each.
func (b *batches) split() (train, test *Dataset, err error) {
	whole, err := Adopt(b.pixels, Shape{Height: 32, Width: 32, Channels: 3}, b.labels, slices.Clone(b.set.classes))
	if err != nil {
		return nil, nil, err
	}
	border := b.starts[len(b.set.images)-1]
	if train, err = whole.Slice(0, border); err != nil {
		return nil, nil, err
	}
	test, err = whole.Slice(border, whole.Len())
	return train, test, err
}

// interleave writes an image of three planes to dst with the channels innermost.
func interleave(dst, planes []uint8) {
	red, green, blue := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:]
	dst, blue = dst[:cifarImage], blue[:cifarPlane]
	for i := range cifarPlane {
		dst[3*i], dst[3*i+1], dst[3*i+2] = red[i], green[i], blue[i]
	}
}
