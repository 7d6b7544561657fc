package data

import (
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/fastresnet/fastresnet/internal/classnames"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// Dataset is a set of labelled images of one shape, held in memory as bytes. It never changes once
// it is made, so any number of goroutines may read it at once, and subsets can share its memory.
//
// A set from [New], [CIFAR10] or a method of another set holds at least one image, and labels that
// are all classes. A nil *Dataset is empty: its Len is 0, and the methods that return an error
// return one; most others panic.
type Dataset struct {
	pixels   []uint8 // [n, height, width, channels]
	shape    Shape
	labels   []int // n of them, each an index of classes
	classes  []string
	names    []string // n of them, or none
	resizing Resizing
}

// New makes a set of len(labels) images from their pixels, [n, height, width, channels] row-major,
// and labels, each an index of classes. It copies what it is given.
//
// The error wraps [ErrFormat] and reports every problem together: no images, no classes, a
// dimension that is not positive, a number of pixels other than n*shape.Size(), labels that are not
// an index of classes (with the index of the first), names of classes that are empty, not UTF-8 or there twice.
func New(pixels []uint8, shape Shape, labels []int, classes []string) (*Dataset, error) {
	return Adopt(slices.Clone(pixels), shape, slices.Clone(labels), slices.Clone(classes))
}

// Adopt is [New] without the copies: the set keeps the slices, which must not be written to any more.
func Adopt(pixels []uint8, shape Shape, labels []int, classes []string) (*Dataset, error) {
	if err := check(pixels, shape, labels, classes); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return &Dataset{pixels: pixels, shape: shape, labels: labels, classes: classes}, nil
}

// WithNames returns the set with a name for each image, such as the path of its file. The error wraps [ErrFormat] if
// there are more or fewer.
func (d *Dataset) WithNames(names []string) (*Dataset, error) {
	if d.Len() == 0 {
		return nil, errEmpty
	}
	if len(names) != d.Len() {
		return nil, fmt.Errorf("%w: %d names for %d images", ErrFormat, len(names), d.Len())
	}
	named := *d
	named.names = slices.Clone(names)
	return &named, nil
}

// WithResizing returns the set with a note of how its pictures were resized; the pixels stay as they are. The error wraps
// [ErrFormat] if there is no such way.
func (d *Dataset) WithResizing(r Resizing) (*Dataset, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if d.Len() == 0 {
		return nil, errEmpty
	}
	resized := *d
	resized.resizing = r
	return &resized, nil
}

// check reports everything that keeps the arguments of New from making a set.
func check(pixels []uint8, shape Shape, labels []int, classes []string) error {
	var problems []error
	if len(labels) == 0 {
		problems = append(problems, errors.New("the set is empty: at least one label is needed"))
	}
	if err := shape.check(); err != nil {
		problems = append(problems, err)
	} else if size := shape.Size(); len(pixels)%size != 0 || len(pixels)/size != len(labels) {
		problems = append(problems, fmt.Errorf("%d pixel values do not make %d images of %v, %d values each",
			len(pixels), len(labels), shape, size))
	}
	if len(classes) == 0 {
		problems = append(problems, errors.New("no classes: at least one name is needed"))
	} else {
		if err := classnames.Check(classes); err != nil {
			problems = append(problems, err)
		}
		outside := func(label int) bool { return label < 0 || label >= len(classes) }
		if i := slices.IndexFunc(labels, outside); i >= 0 {
			problems = append(problems, fmt.Errorf("label %d of image %d is not in 0 to %d",
				labels[i], i, len(classes)-1))
		}
	}
	return errors.Join(problems...)
}

// Len returns the number of images.
func (d *Dataset) Len() int {
	if d == nil {
		return 0
	}
	return len(d.labels)
}

// String says how many images of which shape there are, in how many classes.
func (d *Dataset) String() string {
	if d == nil {
		return "no images"
	}
	return fmt.Sprintf("%s of %v in %s", digits.Counted(d.Len(), "image", "images"), d.shape, digits.Counted(len(d.classes), "class", "classes"))
}

// Shape returns the shape that all images have.
func (d *Dataset) Shape() Shape { return d.shape }

// Classes returns a copy of the names of the classes; a label is an index into it.
func (d *Dataset) Classes() []string { return slices.Clone(d.classes) }

// Label returns the label of image i, an index of Classes. It panics if i is not in [0, Len), as
// indexing a slice does.
func (d *Dataset) Label(i int) int { return d.labels[i] }

// Name returns the name of image i, such as the path of its file within the folder that was read; "" if it has none. It
// panics if i is not in [0, Len), as indexing a slice does.
func (d *Dataset) Name(i int) string {
	if d.names == nil {
		_ = d.labels[i]
		return ""
	}
	return d.names[i]
}

// Resizing returns how the set's pictures were resized, and so how a model that is trained on the set resizes others.
func (d *Dataset) Resizing() Resizing { return d.resizing }

// Labels returns a copy of the labels, one for each image.
func (d *Dataset) Labels() []int { return slices.Clone(d.labels) }

// Pixels returns the pixels of all images, [n, height, width, channels] row-major, 0 to 255. It is
// the set's own memory, not a copy (CIFAR-10's training set is 150 MB), and must not be written to.
func (d *Dataset) Pixels() []uint8 { return slices.Clip(d.pixels) }

// Image returns a copy of image i to look at: an [*image.NRGBA], opaque, when there are 3 channels,
// taken as red, green and blue, and otherwise an [*image.Gray] of the first channel. It panics if i
// is not in [0, Len), as indexing a slice does.
func (d *Dataset) Image(i int) image.Image {
	channels := d.shape.Channels
	pixels := d.at(i)
	bounds := image.Rect(0, 0, d.shape.Width, d.shape.Height)
	if channels != 3 {
		img := image.NewGray(bounds)
		for p := range img.Pix {
			img.Pix[p] = pixels[p*channels]
		}
		return img
	}
	img := image.NewNRGBA(bounds)
	for p := range len(pixels) / 3 {
		copy(img.Pix[4*p:], pixels[3*p:3*p+3])
		img.Pix[4*p+3] = 255
	}
	return img
}

// ClassCounts returns the number of images of each class.
func (d *Dataset) ClassCounts() []int {
	counts := make([]int, len(d.classes))
	for _, label := range d.labels {
		counts[label]++
	}
	return counts
}

// at returns the pixels of image i, without a copy.
func (d *Dataset) at(i int) []uint8 {
	_ = d.labels[i] // panics when i is out of range, even where the pixels have room to spare
	size := d.shape.Size()
	return d.pixels[i*size : (i+1)*size : (i+1)*size]
}
