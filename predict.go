package fastresnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/fastresnet/fastresnet/data"
)

// Prediction is what a model thinks of one image.
type Prediction struct {
	// Class is the most probable class, an index of [Model.Classes], and Label its name.
	Class int
	Label string
	// Probability is that class's, 0 to 1.
	Probability float64
	// Probabilities are those of all classes; they add up to 1. Labels are the names of the classes, one slice for
	// all predictions of a call.
	Probabilities []float64
	Labels        []string
}

// Score is how probable a model finds a class.
type Score struct {
	// Class is an index of [Model.Classes], and Label its name.
	Class int
	Label string
	// Probability is 0 to 1.
	Probability float64
}

// Top returns the k most probable classes, the most probable first and equal ones in the order of their numbers. It
// returns none if k is negative, and all if there are not so many.
func (p Prediction) Top(k int) []Score {
	scores := make([]Score, len(p.Probabilities))
	for class, probability := range p.Probabilities {
		scores[class] = Score{Class: class, Probability: probability}
		if class < len(p.Labels) { // one that someone made by hand may have none
			scores[class].Label = p.Labels[class]
		}
	}
	slices.SortStableFunc(scores, func(a, b Score) int { return cmp.Compare(b.Probability, a.Probability) })
	return scores[:min(max(k, 0), len(scores))]
}

// Predict classifies images of any size and colour model. Of each it takes the largest centred part with the
// proportions of the training images (the middle square, if they were square) and scales that to their size with
// the Catmull-Rom kernel, wide enough when it shrinks that every pixel counts. An image of their size is taken as it
// is, pixel by pixel. Package data/picture opens pictures as they are meant to be seen, which image.Decode does not: it
// leaves photographs on their side.
//
// A network for 3 channels sees red, green and blue, of a grey image three times the same; one for 1 channel sees the
// luma. What is transparent is blended with black. Time and memory go with the part taken: a photograph of a
// megapixel takes milliseconds.
//
// Many goroutines may call it: a batch of images takes hardly longer than one, and those that wait while the model is busy
// share the next. A call whose ctx ends returns at once, or when the image that is being scaled is.
//
// The error wraps [ErrImage] if an image is nil, if the part of it that counts has no pixels or more than 2²⁸, or if the
// network takes another number of channels, and [ErrDiverged] if what the model makes of an image is not finite; it is
// ctx's if that ends.
func (m *Model) Predict(ctx context.Context, images ...image.Image) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return nil, err
	}
	in := m.network.Input
	pixels := make([]uint8, 0, len(images)*in.Size())
	for i, img := range images {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if pixels, err = appendPixels(pixels, img, in); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
	}
	return m.predict(ctx, pixels)
}

// PredictDataset classifies all images of a set, whose labels do not count. Its errors are those of [Model.Predict].
func (m *Model) PredictDataset(ctx context.Context, set *data.Dataset) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return nil, err
	}
	if err := m.takes(set); err != nil {
		return nil, err
	}
	return m.predict(ctx, set.Pixels())
}

func (m *Model) predict(ctx context.Context, pixels []uint8) ([]Prediction, error) {
	logits, err := m.logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	var predictions []Prediction
	labels := slices.Clone(m.classes)
	for row := range slices.Chunk(logits, len(m.classes)) {
		p := softmax(row)
		class := argMax(row)
		predictions = append(predictions, Prediction{
			Class: class, Label: labels[class], Probability: p[class], Probabilities: p, Labels: labels,
		})
	}
	return predictions, nil
}

func softmax(row []float32) []float64 {
	p, sum := exponentials(row)
	for i := range p {
		p[i] /= sum
	}
	return p
}
