package data

import (
	"errors"
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
	for _, f := range c.files {
		n += f.records
		b.starts = append(b.starts, n)
	}
	b.pixels, b.labels = make([]uint8, n*cifarImage), make([]int, n)
	return b
}

// read reads one of the files from r.
func (b *batches) read(file int, r io.Reader) error {
	from, to := b.starts[file], b.starts[file+1]
	if err := b.set.readRecords(r, b.pixels[from*cifarImage:to*cifarImage], b.labels[from:to]); err != nil {
		return fmt.Errorf("%s: %w", b.set.files[file].name, err)
	}
	return nil
}

// split returns the training files and the test file as a set each.
func (b *batches) split() (train, test *Dataset, err error) {
	whole, err := Adopt(b.pixels, Shape{Height: 32, Width: 32, Channels: 3}, b.labels, slices.Clone(b.set.classes))
	if err != nil {
		return nil, nil, err
	}
	border := b.starts[len(b.set.files)-1]
	if train, err = whole.Slice(0, border); err != nil {
		return nil, nil, err
	}
	test, err = whole.Slice(border, whole.Len())
	return train, test, err
}

// readRecords reads len(labels) records from r, which must hold no more: one byte after them is
// read to see. Pixels change from planes to [n, 32, 32, 3].
func (c cifar) readRecords(r io.Reader, pixels []uint8, labels []int) error {
	const together = 32 // records, about 100 kB: few calls, and still in the cache when transposed
	size := c.record()
	buffer := make([]byte, together*size)
	for done := 0; done < len(labels); {
		want := min(together, len(labels)-done)
		n, err := io.ReadFull(r, buffer[:want*size])
		for i := range n / size {
			record := buffer[i*size : (i+1)*size]
			label := int(record[c.label])
			if label >= len(c.classes) {
				return fmt.Errorf("%w: record %d: label %d is not in 0 to %d", ErrFormat, done, label, len(c.classes)-1)
			}
			labels[done] = label
			interleave(pixels[done*cifarImage:(done+1)*cifarImage], record[c.labels:])
			done++
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: ends at or within record %d, want %d records of %d bytes",
				ErrFormat, done, len(labels), size)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", done, err)
		}
	}
	switch _, err := io.ReadFull(r, buffer[:1]); {
	case err == nil:
		return fmt.Errorf("%w: goes on at record %d, want %d records of %d bytes",
			ErrFormat, len(labels), len(labels), size)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("after the last record: %w", err)
	}
	return nil
}

// interleave writes an image of three planes to dst with the channels innermost.
func interleave(dst, planes []uint8) {
	red, green, blue := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:]
	dst, blue = dst[:cifarImage], blue[:cifarPlane]
	for i := range cifarPlane {
		dst[3*i], dst[3*i+1], dst[3*i+2] = red[i], green[i], blue[i]
	}
}
