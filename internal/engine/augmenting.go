package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/fastresnet/fastresnet/data"
)

// nameOf is what messages call augmentation number i of a run. They do not print what an augmentation of a user's own holds.
func nameOf(i int, a data.Augmentation) string { return fmt.Sprintf("augmentation %d, a %T", i, a) }

// NamePanic, when it is deferred, has a panic of augmentation number i of a run say whose it is.
func NamePanic(i int, a data.Augmentation) {
	switch p := recover().(type) {
	case nil:
	case error:
		panic(fmt.Errorf("%s, panicked: %w", nameOf(i, a), p))
	default:
		panic(fmt.Errorf("%s, panicked: %v", nameOf(i, a), p))
	}
}

// drawChoices draws the choices of augmentation number i for images of an epoch.
func drawChoices(rng *rand.Rand, seed uint64, epoch int, images []int32, shape data.Shape, i int, a data.Augmentation) []int32 {
	defer NamePanic(i, a)
	if e, ok := a.(data.EpochAugmentation); ok {
		return e.DrawEpoch(seed, epoch, images, shape)
	}
	return a.Draw(rng, len(images), shape)
}

// augment has augmentation number i make the change that a choice stands for.
func (c *Config) augment(i int, dst, src []float32, shape data.Shape, choice []int32) {
	a := c.Augmentations[i]
	defer NamePanic(i, a)
	a.Apply(dst, src, shape, choice)
	if c.inspect != nil {
		c.inspect(i, dst)
	}
}

// isOwn says whether an augmentation is of a user's own. Those of package data are safe for concurrent use, and make finite pixels.
func isOwn(a data.Augmentation) bool { return data.KindOf(a) == "" }

// Spoiler is the augmentation of a user's own that made pixels which are not finite in a step of an epoch, counted from 0, or in
// the one before it, as in "augmentation 0, a main.noise"; "" if there was none, or if the epoch is not the last one that began.
// It loads the images of the two steps again: training itself does not look at pixels. If that panics, as where an augmentation
// allows no more calls than training makes, it is "" too.
func (t *Trainer) Spoiler(epoch, step int) (name string) {
	defer func() {
		if recover() != nil {
			name = ""
		}
	}()
	if epoch != t.epoch || !slices.ContainsFunc(t.cfg.Augmentations, isOwn) {
		return ""
	}
	cfg, first := t.cfg, -1
	cfg.inspect = func(i int, image []float32) {
		if first < 0 && slices.ContainsFunc(image, func(v float32) bool { return !IsFinite(v) }) {
			first = i
		}
	}
	from := max(step-1, 0) * cfg.Batch
	to := min((step+1)*cfg.Batch, t.images())
	l := NewLoader(cfg, t.train)
	if l.StartEpoch(epoch, t.selected, from) != nil {
		return "" // unlike before: its choices depend on more than they should
	}
	l.Next(NewBatch(to-from, t.train.Shape(), cfg.Mixing))
	if first < 0 {
		return ""
	}
	return nameOf(first, cfg.Augmentations[first])
}
