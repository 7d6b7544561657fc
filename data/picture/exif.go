package picture

import (
	"bytes"
	"encoding/binary"
)

// exifHeader is before Exif data in JPEG files, and in some PNG and WebP files.
const exifHeader = "Exif\x00\x00"

// orientationOf is how a camera says that it was held, 1 (upright) to 8: the tag 0x0112 of the first directory of Exif
// data (Exif 2.3, 4.6.4). It is 1 if they do not say. The number is of type SHORT; programs that write it as a BYTE or
// a LONG are understood.
func orientationOf(exif []byte) int {
	if orientation := firstValue(exif, 0x0112); orientation >= 1 && orientation <= 8 {
		return int(orientation)
	}
	return 1
}

// segments is what a JPEG file is made of, as far as it matters here.
type segments struct {
	exif []byte
	// scans is how often a decoder goes over the picture, or over a part of its colours.
	scans int
}

// How much work a JPEG file may be. A progressive one of a camera or the web has some 10 scans.
const (
	maxScans = 500
	// maxScanned is how many pixels all scans may have.
	maxScanned = 20 * MaxPixels
)

// readSegments goes through a JPEG file up to its end, or to where it is no longer one.
func readSegments(encoded []byte) (s segments) {
	const (
		app1, startOfScan, endOfImage = 0xe1, 0xda, 0xd9
		restart0, startOfImage        = 0xd0, 0xd8
	)
	// Segments: 0xff once or more, a marker, the length with its own two bytes, and as much data. A scan is followed by
	// its code, in which 0xff is followed by 0 or a restart marker.
	// Stray bytes before a marker are passed over, as package jpeg does.
	for rest := encoded; ; {
		start := bytes.IndexByte(rest, 0xff)
		if start < 0 || start+2 > len(rest) {
			return s
		}
		rest = rest[start:]
		marker := rest[1]
		switch {
		case marker == 0xff:
			rest = rest[1:]
			continue
		case marker == 0:
			rest = rest[2:]
			continue
		case marker == endOfImage:
			return s
		case marker >= restart0 && marker <= startOfImage || marker == 1:
			rest = rest[2:]
			continue
		}
		if len(rest) < 4 {
			return s
		}
		length := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if length < 4 || length > len(rest) {
			return s
		}
		exif, found := bytes.CutPrefix(rest[4:length], []byte(exifHeader))
		if marker == app1 && found && s.exif == nil {
			s.exif = exif
		}
		rest = rest[length:]
		if marker == startOfScan {
			s.scans++
			rest = behindCode(rest)
		}
	}
}

// behindCode is what follows the code of a scan.
func behindCode(rest []byte) []byte {
	for {
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 || i+1 >= len(rest) {
			return nil
		}
		if next := rest[i+1]; next != 0 && (next < 0xd0 || next > 0xd7) {
			return rest[i:]
		}
		rest = rest[i+2:]
	}
}

// chunkLayout is how a file is divided into chunks that have names of four letters.
type chunkLayout struct {
	first  int // where the first begins
	name   int // where in a chunk its name is, and its length
	length int
	order  binary.ByteOrder
	after  int // the bytes behind the data
	even   bool
}

var (
	pngChunks  = chunkLayout{first: 8, name: 4, length: 0, order: binary.BigEndian, after: 4}
	webpChunks = chunkLayout{first: 12, name: 0, length: 4, order: binary.LittleEndian, even: true}
)

// chunk is the data of the first chunk of a name; nil if there is none.
func chunk(encoded []byte, l chunkLayout, name string) []byte {
	for rest := encoded[min(l.first, len(encoded)):]; len(rest) >= 8; {
		length := uint64(l.order.Uint32(rest[l.length:]))
		size := 8 + length + uint64(l.after)
		if l.even {
			size += length % 2
		}
		if 8+length > uint64(len(rest)) {
			return nil
		}
		if string(rest[l.name:l.name+4]) == name {
			return rest[8 : 8+length]
		}
		rest = rest[min(size, uint64(len(rest))):]
	}
	return nil
}

// animated says whether a WebP file has several frames.
func animated(encoded []byte) bool {
	const animation = 0x02
	features := chunk(encoded, webpChunks, "VP8X")
	return len(features) > 0 && features[0]&animation != 0
}
