package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Fingerprint describes the set, and tells it apart from sets with other pixels, labels or classes: by their number, the
// images' shape, the classes and a hash. It is "none" for nil.
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
	return fmt.Sprintf("%d images of %v in %q (sha256 %.8x)", d.Len(), d.shape, d.classes, hash.Sum(nil))
}
