package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// orientation is how a camera says that it was held, 1 (upright) to 8: the tag 0x0112 of the first directory of the
// Exif data in a JPEG file (Exif 2.3, 4.6.4). It is 1 if the file does not say.
func orientation(encoded []byte) int {
	const (
		app1, startOfScan = 0xe1, 0xda
		tag, short        = 0x0112, 3
	)
	// Segments: 0xff, a marker, the length with its own two bytes, and as much data.
	for rest := encoded[min(2, len(encoded)):]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan; {
		length := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if length < 4 || length > len(rest) {
			return 1
		}
		exif, found := bytes.CutPrefix(rest[4:length], []byte("Exif\x00\x00"))
		if rest[1] != app1 || !found {
			rest = rest[length:]
			continue
		}

		// A TIFF header: the order of bytes, 42, and where the directory is: a count, and entries of 12 bytes.
		var order binary.ByteOrder = binary.BigEndian
		if bytes.HasPrefix(exif, []byte("II")) {
			order = binary.LittleEndian
		}
		if len(exif) < 8 {
			return 1
		}
		at := uint64(order.Uint32(exif[4:]))
		if at+2 > uint64(len(exif)) {
			return 1
		}
		entries := exif[at+2:]
		for range order.Uint16(exif[at:]) {
			if len(entries) < 12 {
				return 1
			}
			if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
				if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
					return o
				}
				return 1
			}
			entries = entries[12:]
		}
		return 1
	}
	return 1
}

// upright turns an image as an orientation says.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	return turned{img, orientation}
}

// turned is an image in another orientation. It copies no pixel.
type turned struct {
	stored      image.Image
	orientation int
}

func (t turned) ColorModel() color.Model { return t.stored.ColorModel() }

func (t turned) Bounds() image.Rectangle {
	size := t.stored.Bounds().Size()
	if t.orientation >= 5 { // rows are columns
		size.X, size.Y = size.Y, size.X
	}
	return image.Rectangle{Max: size}
}

func (t turned) At(x, y int) color.Color {
	b := t.stored.Bounds()
	right, bottom := b.Dx()-1, b.Dy()-1
	switch t.orientation {
	case 2: // mirrored
		x = right - x
	case 3: // upside down
		x, y = right-x, bottom-y
	case 4:
		y = bottom - y
	case 5:
		x, y = y, x
	case 6: // its top is on the right
		x, y = y, bottom-x
	case 7:
		x, y = right-y, bottom-x
	case 8: // its top is on the left
		x, y = right-y, x
	}
	return t.stored.At(b.Min.X+x, b.Min.Y+y)
}
