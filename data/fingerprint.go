package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Fingerprint describes the set, and tells it apart from sets with other pixels, labels or classes: by their number, the
// images' shape, the classes, or how many there are if their names are long, and a hash. It is "none" for nil.
func (d *Dataset) Fingerprint() string {
	if d == nil {
		return "none"
	}
	hash := sha256.New()
	hash.Write(d.pixels)
	labels := make([]byte, 0, 8*len(d.labels))
	for _, label := range d.labels {
		labels = binary.LittleEndian.AppendUint64(labels, uint64(label))
	}
	hash.Write(labels)
	const most = 4096 // bytes: what holds a fingerprint may have bounds
	classes := fmt.Sprintf("%q", d.classes)
	if len(classes) > most {
		hash.Write([]byte(classes))
		classes = fmt.Sprintf("%d classes", len(d.classes))
	}
	return fmt.Sprintf("%d images of %v in %s (sha256 %.8x)", d.Len(), d.shape, classes, hash.Sum(nil))
}
