package data

import (
	"errors"
	"fmt"
	"io"
)

// cifarRecords is a file of the binary version. A record is some labels, of a byte each, of which one counts, and then three
// planes of 32x32 bytes: red, green and blue, each row by row.
type cifarRecords struct{ labels, label int }

// size is that of a record, in bytes.
func (c cifarRecords) size() int { return c.labels + cifarImage }

// checkSize reports a size other than the records'.
func (c cifarRecords) checkSize(size int64, images int) error {
	record := int64(c.size())
	want := int64(images) * record
	switch {
	case size < want:
		return fmt.Errorf("%w: %d bytes, want %d: ends at or within record %d", ErrFormat, size, want, size/record)
	case size > want:
		return fmt.Errorf("%w: %d bytes, want %d: goes on at record %d", ErrFormat, size, want, images)
	}
	return nil
}

// read reads records from r, which must hold no more: one byte after them is read to see. Pixels change from planes to
// [n, 32, 32, 3].
func (c cifarRecords) read(r io.Reader, pixels []uint8, labels []int, classes int) error {
	const together = 32 // records, about 100 kB: few calls, and still in the cache when transposed
	size := c.size()
	buffer := make([]byte, together*size)
	for done := 0; done < len(labels); {
		want := min(together, len(labels)-done)
		n, err := io.ReadFull(r, buffer[:want*size])
		for i := range n / size {
			record := buffer[i*size : (i+1)*size]
			label := int(record[c.label])
			if label >= classes {
				return fmt.Errorf("%w: record %d: label %d is not in 0 to %d", ErrFormat, done, label, classes-1)
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
