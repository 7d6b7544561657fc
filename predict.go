package fastresnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/pathname"
	"github.com/fastresnet/fastresnet/internal/scaling"
)

// Prediction is what a model thinks of one image.
type Prediction struct {
	// Class is the most probable class, an index of [Model.Classes], and Label its name.
	Class int    `json:"class"`
	Label string `json:"label"`
	// Probability is that class's, 0 to 1.
	Probability float64 `json:"probability"`
	// Unknown says that it is below the model's threshold: see [Model.SetThreshold].
	Unknown bool `json:"unknown,omitempty"`
	// Probabilities has one for each class; they add up to 1. Labels are the names of the classes, one slice for
	// all predictions of a call.
	Probabilities []float64 `json:"probabilities"`
	Labels        []string  `json:"labels"`
	// Logits are what the network computed, of which Probabilities are the softmax; nil for an [Ensemble] of more than one model.
	Logits []float32 `json:"logits,omitempty"`
}

// Score is how probable a model finds a class.
type Score struct {
	// Class is an index of [Model.Classes], and Label its name.
	Class int    `json:"class"`
	Label string `json:"label"`
	// Probability is 0 to 1.
	Probability float64 `json:"probability"`
}

// String is the name and the probability, as in "cat 93.1 %".
func (s Score) String() string {
	return fmt.Sprintf("%s %.1f %%", pathname.Printable(s.Label), 100*s.Probability)
}

// Top returns the k most probable classes, the most probable first and equal ones in the order of their numbers. It
// returns none if k is negative, and all if there are fewer.
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

// Predict classifies images of any size and colour model. Each becomes an image of the training set's size as those of
// that set did, by [data.Dataset.Resizing]: unless that says otherwise, the largest centred part with their proportions
// is kept (the middle square, if they were square). It is scaled with the Catmull-Rom kernel, wide enough when it
// shrinks that every pixel counts; an image of the right size is taken as it is, pixel by pixel. Package data/picture opens
// pictures as they are meant to be seen, which image.Decode does not: it leaves photographs on their side.
//
// A network for 3 channels sees red, green and blue, of a grey image three times the same; one for 1 channel sees the
// luma. What is transparent is blended with black. Time and memory go with the part taken: a photograph of a
// megapixel takes milliseconds.
//
// Of no images there are no predictions, and no error. Many goroutines may call it: images together take less time than one
// after the other, and those that wait while the model is busy are computed together. An answer can differ by rounding with the
// number of images beside it. If ctx ends, Predict returns its error at once, or as soon as the image that is being scaled is
// done.
//
// The error wraps [ErrImage] if an image is nil, if the part of it that counts has no pixels or more than 2²⁸, or if
// the network takes another number of channels, and [ErrDiverged] if what the model makes of an image is not finite.
func (m *Model) Predict(ctx context.Context, images ...image.Image) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return nil, err
	}
	pixels, err := m.pixels(ctx, images)
	if err != nil {
		return nil, err
	}
	return m.predict(ctx, pixels)
}

// pixels are those of images as the model takes them: [n, height, width, channels].
func (m *Model) pixels(ctx context.Context, images []image.Image) (pixels []uint8, err error) {
	in := m.network.Input
	pixels = make([]uint8, 0, len(images)*in.Size())
	for i, img := range images {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if pixels, err = scaling.Append(pixels, img, in, m.resizing); err != nil {
			return nil, fmt.Errorf("image %d: %w: %w", i, ErrImage, err)
		}
	}
	return pixels, nil
}

// PredictDataset classifies all images of a set, whose labels do not count. Its errors are those of [Model.Predict]; [ErrImage]
// also says that the set's pictures were resized otherwise than those that the model was trained on ([Model.Resizing]).
//
// Many pictures in files become a set by picture.Reader.Pictures, with [Model.Network]'s Input for the shape, [Model.Resizing]
// for the resizing, and one of [Model.Classes] for all, whichever; [data.Dataset.Name] says which file an image is of.
func (m *Model) PredictDataset(ctx context.Context, set *data.Dataset) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return nil, err
	}
	if err := m.reads(set); err != nil {
		return nil, err
	}
	return m.predict(ctx, set.Pixels())
}

func (m *Model) predict(ctx context.Context, pixels []uint8) ([]Prediction, error) {
	logits, err := m.logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	return predictionsOf(m.classes, m.Threshold(), logits), nil
}

// predictionsOf are the predictions of models from the logits of each, [n, classes].
func predictionsOf(classes []string, threshold float64, logits ...[]float32) []Prediction {
	var predictions []Prediction
	labels := slices.Clone(classes)
	for image, p := range meanProbabilities(len(classes), logits) {
		class := argMax(p)
		prediction := Prediction{
			Class: class, Label: labels[class], Probability: p[class], Unknown: p[class] < threshold, Probabilities: p, Labels: labels,
		}
		if len(logits) == 1 {
			prediction.Logits = slices.Clip(row(logits[0], image, len(classes)))
		}
		predictions = append(predictions, prediction)
	}
	return predictions
}

// logits returns [n, classes] for pixels [n, height, width, channels].
func (m *Model) logits(ctx context.Context, pixels []uint8) ([]float32, error) {
	return m.outputs(ctx, engine.Logits, pixels)
}

// outputs returns what the model makes of pixels [n, height, width, channels]. It returns early when ctx ends, though
// the model may still be computing for it. More than a batch is asked for batch by batch, so that others get answers
// between them, and all of one set of weights.
func (m *Model) outputs(ctx context.Context, output engine.Output, pixels []uint8) ([]float32, error) {
	by := m.generations.hold()
	if by == nil {
		return nil, ErrClosed
	}
	defer by.release()
	batch := m.batch * m.network.Input.Size()
	var all []float32
	for {
		n := min(len(pixels), batch)
		some, err := m.ask(ctx, by, output, pixels[:n])
		if err != nil {
			return nil, err
		}
		all, pixels = append(all, some...), pixels[n:]
		if len(pixels) == 0 {
			return all, nil
		}
	}
}

// ask waits for what the model makes, by weights that the caller holds, of no more than a batch.
func (m *Model) ask(ctx context.Context, by *generation, output engine.Output, pixels []uint8) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &request{by: by, output: output, pixels: pixels, done: make(chan struct{})}
	by.hold() // for the request, which may outlast this call
	var leave context.CancelFunc
	r.waits, leave = context.WithCancel(context.Background())
	defer leave()
	b := &m.batcher
	b.mu.Lock()
	b.waiting = append(b.waiting, r)
	if !b.serving {
		b.serving = true
		go m.serve()
	}
	b.mu.Unlock()
	select {
	case <-r.done:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve computes for all who wait, together where they fit a batch, until nobody waits.
func (m *Model) serve() {
	image := m.network.Input.Size()
	for {
		m.mu.Lock() // those who come while the model is busy are in the next batch
		requests := m.batcher.take(engine.SmallBatch*image, m.batch*image)
		if len(requests) > 0 {
			m.answer(requests)
		}
		m.mu.Unlock()
		if len(requests) == 0 {
			return
		}
		for _, r := range requests {
			r.by.release()
			close(r.done)
		}
	}
}

// answer computes what requests ask for, all of one kind. The model is locked.
func (m *Model) answer(requests []*request) {
	ctx, pixels := requests[0].waits, requests[0].pixels
	if len(requests) > 1 {
		ctx = context.Background() // no caller stops the others, and one batch is soon done
		pixels = nil
		for _, r := range requests {
			pixels = append(pixels, r.pixels...)
		}
	}
	all, err := m.compute(ctx, requests[0].by, requests[0].output, pixels)
	image := m.network.Input.Size()
	numbers := len(all) / max(1, len(pixels)/image) // of an image
	for _, r := range requests {
		if r.err = err; err == nil {
			n := len(r.pixels) / image * numbers
			r.answer, all = all[:n], all[n:]
			r.err = answers(r.answer)
		}
	}
}

// answers reports numbers that are no answer.
func answers(answer []float32) error {
	if i := slices.IndexFunc(answer, func(v float32) bool { return !engine.IsFinite(v) }); i >= 0 {
		return fmt.Errorf("%w: the model's answer is %g, not a finite number: train it again, at lower rates", ErrDiverged, answer[i])
	}
	return nil
}

// compute is the evaluator's output. The model is locked.
func (m *Model) compute(ctx context.Context, by *generation, output engine.Output, pixels []uint8) (all []float32, err error) {
	defer guard(&err)
	if m.evaluator == nil {
		return nil, ErrClosed
	}
	return m.evaluator.Compute(ctx, by.weights, output, pixels)
}

// reads reports a set whose images are none that the model has learnt to read: of another shape, or resized otherwise.
func (m *Model) reads(set *data.Dataset) error {
	if err := m.takes(set); err != nil {
		return err
	}
	if set.Resizing() != m.resizing {
		return fmt.Errorf("%w: the set's pictures were resized by %q, those that the model was trained on by %q: Model.Resizing says how to read them",
			ErrImage, set.Resizing(), m.resizing)
	}
	return nil
}

// takes reports a set whose images the model cannot take.
func (m *Model) takes(set *data.Dataset) error {
	if set.Len() == 0 {
		return fmt.Errorf("%w: the data set is empty", ErrImage)
	}
	if set.Shape() != m.network.Input {
		return fmt.Errorf("%w: the set's images are %v, the model's %v", ErrImage, set.Shape(), m.network.Input)
	}
	return nil
}

func argMax[T cmp.Ordered](row []T) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}
