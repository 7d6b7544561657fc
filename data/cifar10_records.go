package data

import (
	"errors"
	"fmt"
	"io"
)

// A record of the binary version is the label, one byte, and then three planes of 32x32 bytes: red,
// green and blue, each row by row.
const (
	cifar10Plane  = 32 * 32
	cifar10Image  = 3 * cifar10Plane
	cifar10Record = 1 + cifar10Image
)

// batches are the files of CIFAR-10 while they are read: one array for all, in the order of
// cifar10Files, so that each can be read on its own and none is moved afterwards.
type batches struct {
	records int // in each file
	pixels  []uint8
	labels  []int
}

func newBatches(records int) *batches {
	n := len(cifar10Files) * records
	return &batches{records: records, pixels: make([]uint8, n*cifar10Image), labels: make([]int, n)}
}

// read reads one of cifar10Files from r.
func (b *batches) read(file int, r io.Reader) error {
	from, to := file*b.records, (file+1)*b.records
	err := readRecords(r, b.pixels[from*cifar10Image:to*cifar10Image], b.labels[from:to])
	if err != nil {
		return fmt.Errorf("%s: %w", cifar10Files[file], err)
	}
	return nil
}

// split returns the training files and the test file as a set each.
func (b *batches) split() (train, test *Dataset, err error) {
	whole := &Dataset{
		pixels:  b.pixels,
		shape:   Shape{Height: 32, Width: 32, Channels: 3},
		labels:  b.labels,
		classes: cifar10Classes[:],
	}
	border := (len(cifar10Files) - 1) * b.records
	if train, err = whole.Slice(0, border); err != nil {
		return nil, nil, err
	}
	test, err = whole.Slice(border, whole.Len())
	return train, test, err
}

// readRecords reads len(labels) records from r, which must hold no more: one byte after them is
// read to see. Pixels change from planes to [n, 32, 32, 3].
func readRecords(r io.Reader, pixels []uint8, labels []int) error {
	const together = 32 // records, about 100 kB: few calls, and still in the cache when transposed
	buffer := make([]byte, together*cifar10Record)
	for done := 0; done < len(labels); {
		want := min(together, len(labels)-done)
		n, err := io.ReadFull(r, buffer[:want*cifar10Record])
		for i := range n / cifar10Record {
			record := buffer[i*cifar10Record : (i+1)*cifar10Record]
			if int(record[0]) >= len(cifar10Classes) {
				return fmt.Errorf("%w: record %d: label %d is not in 0 to %d",
					ErrFormat, done, record[0], len(cifar10Classes)-1)
			}
			labels[done] = int(record[0])
			interleave(pixels[done*cifar10Image:(done+1)*cifar10Image], record[1:])
			done++
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: ends at or within record %d, want %d records of %d bytes",
				ErrFormat, done, len(labels), cifar10Record)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", done, err)
		}
	}
	switch _, err := io.ReadFull(r, buffer[:1]); {
	case err == nil:
		return fmt.Errorf("%w: goes on at record %d, want %d records of %d bytes",
			ErrFormat, len(labels), len(labels), cifar10Record)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("after the last record: %w", err)
	}
	return nil
}

// interleave writes an image of three planes to dst with the channels innermost.
func interleave(dst, planes []uint8) {
	red, green, blue := planes[:cifar10Plane], planes[cifar10Plane:2*cifar10Plane], planes[2*cifar10Plane:]
	dst, blue = dst[:cifar10Image], blue[:cifar10Plane]
	for i := range cifar10Plane {
		dst[3*i], dst[3*i+1], dst[3*i+2] = red[i], green[i], blue[i]
	}
}
