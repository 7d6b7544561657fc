package engine

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/reflection"
)

// bulkLoader draws all random choices of an epoch before it starts, and writes the images straight into the
// batch, on all cores, allocating nothing for one.
//
// Crops and flips only move pixels. Those that come before any other augmentation are made while the bytes
// are read: a pixel is looked up where they move it from, and normalised on the way.
type bulkLoader struct {
	train *data.Dataset
	cfg   Config
	moves int       // the leading augmentations that are crops or flips
	table []float32 // [channels, 256]: the normalised pixel values
	// workers share a batch. There is one if there are augmentations of a user's own, which need not be safe
	// for concurrent use.
	workers []*bulkWorker

	draws Draws
	place int // in the order: the next batch's
}

// bulkWorker is the memory of one goroutine.
type bulkWorker struct {
	rows, columns axis
	spare         []float32 // an image
}

func loadInBulk(cfg Config, train *data.Dataset) *bulkLoader {
	shape := train.Shape()
	l := &bulkLoader{train: train, cfg: cfg, table: normalized(cfg.Normalization)}
	moves := func(a data.Augmentation) bool {
		switch a.(type) {
		case data.Crop, data.FlipLR, data.AlternatingFlip:
			return true
		}
		return false
	}
	for l.moves < len(cfg.Augmentations) && moves(cfg.Augmentations[l.moves]) {
		l.moves++
	}
	workers := runtime.GOMAXPROCS(0)
	if slices.ContainsFunc(cfg.Augmentations, isOwn) {
		workers = 1
	}
	for range workers {
		l.workers = append(l.workers, &bulkWorker{newAxis(shape.Height), newAxis(shape.Width), make([]float32, shape.Size())})
	}
	return l
}

// normalized is what a normalization makes of each byte: [channels, 256].
func normalized(n data.Normalization) []float32 {
	channels := len(n.Mean)
	pixel, values := make([]uint8, channels), make([]float32, channels)
	table := make([]float32, channels*256)
	for v := range 256 {
		for c := range pixel {
			pixel[c] = uint8(v)
		}
		n.Apply(values, pixel)
		for c, value := range values {
			table[c*256+v] = value
		}
	}
	return table
}

func (*bulkLoader) Prepare(context.Context) error { return nil }

func (l *bulkLoader) StartEpoch(epoch int, selected []int32, first int) error {
	all, err := DrawEpoch(l.cfg.Seed, epoch, l.train.Len(), l.train.Shape(), l.cfg.Augmentations, l.cfg.Mixing)
	if err != nil {
		return err
	}
	l.draws, l.place = all.At(selected), first
	return nil
}

func (l *bulkLoader) Next(b Batch) {
	n := len(b.Labels)
	share := func(w int) {
		for i := w * n / len(l.workers); i < (w+1)*n/len(l.workers); i++ {
			l.load(l.workers[w], b, i)
		}
	}
	var others sync.WaitGroup
	for w := 1; w < len(l.workers); w++ {
		others.Go(func() { share(w) })
	}
	share(0)
	others.Wait()
	if l.cfg.Mixing.Kind != data.NoMixing {
		k := len(l.draws.Mixing) / len(l.draws.Order)
		b.mix(l.cfg.Mixing, l.train.Shape(), l.draws.Mixing[l.place*k:(l.place+n)*k], l.workers[0].spare)
	}
	l.place += n
}

// load writes image i of a batch.
func (l *bulkLoader) load(w *bulkWorker, b Batch, i int) {
	shape, place := l.train.Shape(), l.place+i
	size, row := shape.Size(), int(l.draws.Order[place])
	b.Labels[i] = int32(l.train.Label(row))

	w.rows.reset()
	w.columns.reset()
	for j, a := range l.cfg.Augmentations[:l.moves] {
		switch choice := l.draws.choice(j, place); a := a.(type) {
		case data.Crop:
			w.rows.shift(int(choice[0]) - a.Pad)
			w.columns.shift(int(choice[1]) - a.Pad)
		case data.FlipLR, data.AlternatingFlip:
			if choice[0] != 0 {
				w.columns.flip()
			}
		}
	}
	rest := len(l.cfg.Augmentations) - l.moves
	image, other := b.Images[i*size:(i+1)*size], w.spare
	if rest%2 == 1 { // each swaps them: the last one writes to the batch
		image, other = other, image
	}
	l.gather(image, l.train.Pixels()[row*size:(row+1)*size], w.rows.from, w.columns.from)
	for j := range rest {
		l.cfg.augment(l.moves+j, other, image, shape, l.draws.choice(l.moves+j, place))
		image, other = other, image
	}
}

// gather writes the normalised pixels at these rows and columns to dst.
func (l *bulkLoader) gather(dst []float32, pixels []uint8, rows, columns []int) {
	channels := l.train.Shape().Channels
	width := len(columns) * channels
	for y, from := range rows {
		to, row := dst[y*width:(y+1)*width], pixels[from*width:(from+1)*width]
		for c := range channels {
			table := (*[256]float32)(l.table[c*256:])
			for x, from := range columns {
				to[x*channels+c] = table[row[from*channels+c]]
			}
		}
	}
}

// axis says of each row, or each column, of an image which one of the original it was.
type axis struct{ from, spare []int }

func newAxis(n int) axis { return axis{make([]int, n), make([]int, n)} }

func (a *axis) reset() {
	for i := range a.from {
		a.from[i] = i
	}
}

// shift makes every i the one at i+by, or its reflection.
func (a *axis) shift(by int) {
	for i := range a.from {
		a.spare[i] = a.from[reflection.Of(i+by, len(a.from))]
	}
	a.from, a.spare = a.spare, a.from
}

func (a *axis) flip() { slices.Reverse(a.from) }
