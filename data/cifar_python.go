package data

import (
	"fmt"
	"io"
)

// cifarPickle is a file of the version for Python: a pickled dictionary with "data", an array [n, 3072] of planes, and lists of
// labels, of which the one with this key counts. Nothing in it is run.
type cifarPickle struct{ key string }

// pickleBytes is how many bytes of a pickle a value may take: some write bytes as text in UTF-8.
const pickleBytes = 2

// checkSize takes any size: it depends on what wrote the file, and reading ends where it is too large.
func (c cifarPickle) checkSize(int64, int) error { return nil }

func (c cifarPickle) read(r io.Reader, pixels []uint8, labels []int, classes int) error {
	const operations = 32 // an image: its label and its name, in lists that are remembered
	value, err := readPickle(r, pickleBytes*int64(len(pixels))+archiveSlack, 1000+operations*len(labels))
	if err != nil {
		return err
	}
	content, _ := value.(map[string]any)
	images, _ := content["data"].(*pickledArray)
	list, _ := content[c.key].(*[]any)
	switch {
	case images == nil || list == nil:
		return fmt.Errorf("%w: it has no %q and %q", ErrFormat, "data", c.key)
	case images.dtype == nil || images.dtype.name != "u1" && images.dtype.name != "|u1" || len(images.values) != len(pixels):
		return fmt.Errorf("%w: its data are %d values, need %d unsigned bytes", ErrFormat, len(images.values), len(pixels))
	case len(*list) != len(labels):
		return fmt.Errorf("%w: it has %d labels, need %d", ErrFormat, len(*list), len(labels))
	}
	for i, v := range *list {
		label, is := v.(int)
		if !is || label < 0 || label >= classes {
			return fmt.Errorf("%w: the label of image %d is no number from 0 to %d", ErrFormat, i, classes-1)
		}
		labels[i] = label
		interleave(pixels[i*cifarImage:(i+1)*cifarImage], []byte(images.values[i*cifarImage:(i+1)*cifarImage]))
	}
	return nil
}
