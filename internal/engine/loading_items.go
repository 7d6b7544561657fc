package engine

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/reflection"
)

// itemLoader loads as training programs usually do: image by image, each with random choices and memory of
// its own, and then copied together into the batch. It is what the first rungs of the source series did.
type itemLoader struct {
	train *data.Dataset
	cfg   Config
	// crop is the leading augmentation if that is a crop: its padding is not random, and belongs to the
	// preparation.
	crop *data.Crop
	// prepared are all images of the training set after all that is not random; nil where that is done each time.
	// keep says that they are to be.
	prepared []float32
	keep     bool

	epoch  int
	order  []int32
	rng    *rand.Rand
	places []int32 // in the order, of the images that are still to be loaded
	drawn  int     // images whose choices have been made, loaded or not
}

// item is one image, ready for a batch.
type item struct {
	image []float32
	label int32
}

// loadEveryEpoch prepares every image again each time it is loaded.
func loadEveryEpoch(cfg Config, train *data.Dataset) *itemLoader { return newItemLoader(cfg, train) }

// loadPerImage prepares every image once.
func loadPerImage(cfg Config, train *data.Dataset) *itemLoader {
	l := newItemLoader(cfg, train)
	l.keep = true
	return l
}

func newItemLoader(cfg Config, train *data.Dataset) *itemLoader {
	return &itemLoader{train: train, cfg: cfg, crop: LeadingCrop(cfg.Augmentations)}
}

func (l *itemLoader) Prepare(ctx context.Context) error {
	if !l.keep {
		return nil
	}
	size := l.preparedShape().Size()
	all := make([]float32, l.train.Len()*size)
	for row := range l.train.Len() {
		if err := ctx.Err(); err != nil {
			return err
		}
		copy(all[row*size:], l.image(row))
	}
	l.prepared = all
	return nil
}

func (l *itemLoader) StartEpoch(epoch int, selected []int32, first int) error {
	l.epoch, l.drawn, l.places = epoch, 0, slices.Clone(selected)
	l.order, l.rng = drawOrder(l.cfg.Seed, epoch, l.train.Len())
	if selected == nil {
		for place := range l.order {
			l.places = append(l.places, int32(place))
		}
	}
	l.places = l.places[min(first, len(l.places)):]
	return nil
}

// next is the row of the next image, for which choices are now to be made. Those of images that are left out are made on the
// way.
func (l *itemLoader) next() int {
	place := int(l.places[0])
	l.places = l.places[1:]
	for ; l.drawn < place; l.drawn++ {
		for i := range l.cfg.Augmentations {
			l.draw(i, l.order[l.drawn])
		}
		l.drawMixing()
	}
	l.drawn++
	return int(l.order[place])
}

func (l *itemLoader) Next(b Batch) {
	items := make([]item, len(b.Labels))
	var mixing []int32
	for i := range items {
		items[i] = l.load(l.next())
		mixing = append(mixing, l.drawMixing()...)
	}
	collate(b, items)
	if mixing != nil {
		b.mix(l.cfg.Mixing, l.train.Shape(), mixing, make([]float32, l.train.Shape().Size()))
	}
}

// drawMixing draws the choice of mixing for one image; nil if there is none.
func (l *itemLoader) drawMixing() []int32 {
	if l.cfg.Mixing.Kind == data.NoMixing {
		return nil
	}
	return l.cfg.Mixing.Draw(l.rng, 1, l.train.Shape())
}

// load draws the choices for one image, and makes them.
func (l *itemLoader) load(row int) item {
	shape := l.train.Shape()
	image := l.image(row)
	for i := range l.cfg.Augmentations {
		choice := l.draw(i, int32(row))
		changed := make([]float32, shape.Size())
		if i == 0 && l.crop != nil {
			cutWindow(changed, image, shape, l.preparedShape(), int(choice[0]), int(choice[1]))
		} else {
			l.cfg.augment(i, changed, image, shape, choice)
		}
		image = changed
	}
	return item{image, int32(l.train.Label(row))}
}

// draw draws the choice of augmentation number i for an image.
func (l *itemLoader) draw(i int, row int32) []int32 {
	return drawChoices(l.rng, l.cfg.Seed, l.epoch, []int32{row}, l.train.Shape(), i, l.cfg.Augmentations[i])
}

// image is one of the training set after all that is not random: normalised and, for crop, padded. It is not to be
// written to.
func (l *itemLoader) image(row int) []float32 {
	if l.prepared != nil {
		size := l.preparedShape().Size()
		return l.prepared[row*size : (row+1)*size]
	}
	shape := l.train.Shape()
	size := shape.Size()
	image := make([]float32, size)
	l.cfg.Normalization.Apply(image, l.train.Pixels()[row*size:(row+1)*size])
	if l.crop == nil {
		return image
	}
	padded := make([]float32, l.preparedShape().Size())
	padByReflection(padded, image, shape, l.crop.Pad)
	return padded
}

// preparedShape is the shape of a prepared image.
func (l *itemLoader) preparedShape() data.Shape {
	return PreparedShape(l.train.Shape(), l.cfg.Augmentations)
}

// collate copies items into a batch.
func collate(b Batch, items []item) {
	for i, it := range items {
		copy(b.Images[i*len(it.image):], it.image)
		b.Labels[i] = it.label
	}
}

// padByReflection writes an image to dst with pad pixels more on every side: its reflection.
func padByReflection(dst, image []float32, shape data.Shape, pad int) {
	width, channels := shape.Width, shape.Channels
	for y := range shape.Height + 2*pad {
		from := image[reflection.Of(y-pad, shape.Height)*width*channels:][:width*channels]
		to := dst[y*(width+2*pad)*channels:][:(width+2*pad)*channels]
		copy(to[pad*channels:], from)
		for x := range pad {
			copy(to[x*channels:][:channels], from[reflection.Of(x-pad, width)*channels:])
			copy(to[(pad+width+x)*channels:][:channels], from[reflection.Of(width+x, width)*channels:])
		}
	}
}

// cutWindow writes the window of the given shape whose corner is at (top, left) to dst.
func cutWindow(dst, image []float32, window, shape data.Shape, top, left int) {
	row := window.Width * window.Channels
	for y := range window.Height {
		copy(dst[y*row:(y+1)*row], image[((top+y)*shape.Width+left)*shape.Channels:])
	}
}
