package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// How much work a TIFF file may be, in tiles, or in strips as wide as the picture.
const (
	// maxBlocks is how many it may have: as tiles of 16x16 pixels, the smallest that the format allows, make MaxPixels.
	maxBlocks = 100_000
	// maxTiled is how many pixels all of them may have, with those beyond the picture's edges: tiles that are nearly as large
	// as the picture have four times its pixels.
	maxTiled = 4 * MaxPixels
)

// checkBlocks reports a TIFF file with a picture of that size whose blocks would take too long to decode, or too much
// memory. A block is decoded whole, however little of the picture it has.
func checkBlocks(encoded []byte, h Header) error {
	const rowsPerStrip, tileWidth, tileLength = 278, 322, 323
	width, height := int64(h.Width), int64(h.Height) // a block's
	side := func(tag uint16) int64 { return int64(min(firstValue(encoded, tag), maxTiled)) }
	if w := side(tileWidth); w > 0 {
		width, height = w, max(side(tileLength), 1)
	} else if rows := side(rowsPerStrip); rows > 0 {
		height = min(rows, height)
	}
	across, down := (int64(h.Width)+width-1)/width, (int64(h.Height)+height-1)/height
	if across*down > maxBlocks || width*height > MaxPixels || across*width*down*height > maxTiled {
		return fmt.Errorf("%w: %d blocks of %dx%d pixels for %dx%d would take too long", ErrTooLarge, across*down, width, height, h.Width, h.Height)
	}
	return nil
}

// firstValue is the first number that the first directory of a TIFF file, or of Exif data, which are one, has for a tag; 0 if
// it has none. It may be a BYTE, a SHORT or a LONG, whichever the tag should have.
func firstValue(tiff []byte, tag uint16) uint32 {
	// A TIFF header: the order of bytes, 42, and where the directory is: a count, and entries of 12 bytes.
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		// An entry: tag, type, how many values, and the values, or where they are if they have more than 4 bytes.
		if order.Uint16(entries) != tag {
			entries = entries[12:]
			continue
		}
		size := map[uint16]uint64{1: 1, 3: 2, 4: 4}[order.Uint16(entries[2:])]
		count, values := uint64(order.Uint32(entries[4:])), entries[8:12]
		if size*count > 4 {
			values = tiff[min(uint64(order.Uint32(values)), uint64(len(tiff))):]
		}
		switch {
		case count == 0 || uint64(len(values)) < size:
			return 0
		case size == 1:
			return uint32(values[0])
		case size == 2:
			return uint32(order.Uint16(values))
		case size == 4:
			return order.Uint32(values)
		}
		return 0
	}
	return 0
}
