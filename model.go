package fastresnet

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// Model is a trained network with what is needed to use it: its classes and its normalisation. It is safe
// for concurrent use; calls wait for each other.
type Model struct {
	network       layers.Network
	classes       []string
	normalization data.Normalization
	views         []engine.View

	mu        sync.Mutex
	values    map[string][]float32 // the network's variables, by name; replaced, never changed, as the next two
	last      map[string][]float32 // those of the last step where the others are their averages, else nil
	result    *Result              // of the run as far as it is, without its model
	device    *engine.Device       // nil while it is the training's
	evaluator *engine.Evaluator    // nil once closed
}

// Prediction is what a model thinks of one image.
type Prediction struct {
	// Class is the most probable class, an index of [Model.Classes], and Label its name.
	Class int
	Label string
	// Probability is that class's, 0 to 1.
	Probability float64
	// Probabilities are those of all classes; they add up to 1.
	Probabilities []float64
}

// Evaluation is how well a model does on a data set.
type Evaluation struct {
	// Loss is the mean cross-entropy, and Accuracy the share of the images classified right.
	Loss, Accuracy float64
}

func newModel(cfg engine.Config, d *engine.Device, classes []string) (*Model, error) {
	e, err := engine.NewEvaluator(d, cfg)
	if err != nil {
		return nil, err
	}
	return &Model{network: cfg.Network, classes: classes, normalization: cfg.Normalization, views: cfg.Views, evaluator: e}, nil
}

// adopt makes the device the model's, to be closed with it; at once if it is closed already.
func (m *Model) adopt(d *engine.Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		d.Close()
		return
	}
	m.device = d
}

// use makes the model compute with these variables from now on. last, which may be nil, are the last step's.
func (m *Model) use(values, last map[string][]float32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return ErrClosed
	}
	if err := m.evaluator.Use(values); err != nil {
		return err
	}
	m.values, m.last = values, last
	return nil
}

// keep has the model know the run's result as it is now.
func (m *Model) keep(r *Result) {
	known := r.clone()
	known.Model = nil
	m.mu.Lock()
	defer m.mu.Unlock()
	m.result = known
}

func (m *Model) compileTime() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return 0
	}
	return m.evaluator.CompileTime
}

// Classes returns the names of the classes.
func (m *Model) Classes() []string { return slices.Clone(m.classes) }

// Network returns the description of the network.
func (m *Model) Network() layers.Network {
	n := m.network
	n.Layers = slices.Clone(n.Layers)
	return n
}

// Result is a copy of the [Result] of the run that made the model, which a loaded model has from its file; while
// the run goes on, as far as it is.
func (m *Model) Result() *Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.result.clone()
	r.Model = m
	return r
}

// Summary is a table of the network: layers, output shapes, parameters and multiply-adds.
func (m *Model) Summary() string { return m.network.Summary() }

// Predict classifies images. They must have the size of the training images, which must have had 3 channels,
// red, green and blue, or 1, the luma; transparency counts as black. The error wraps [ErrImage] if one does
// not fit, and is ctx's if that ends.
func (m *Model) Predict(ctx context.Context, images ...image.Image) (predictions []Prediction, err error) {
	defer guard(&err)
	in := m.network.Input
	pixels := make([]uint8, 0, len(images)*in.Size())
	for i, img := range images {
		if pixels, err = appendPixels(pixels, img, in); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
	}
	return m.predict(ctx, pixels)
}

// PredictDataset classifies all images of a set, whose labels do not count.
func (m *Model) PredictDataset(ctx context.Context, set *data.Dataset) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := m.takes(set); err != nil {
		return nil, err
	}
	return m.predict(ctx, set.Pixels())
}

// Evaluate compares the model's classes with the labels of a set.
func (m *Model) Evaluate(ctx context.Context, set *data.Dataset) (e Evaluation, err error) {
	defer guard(&err)
	if err := m.takes(set); err != nil {
		return e, err
	}
	if classes := set.Classes(); !slices.Equal(classes, m.classes) {
		return e, fmt.Errorf("%w: the set has the classes %q, the model %q", ErrImage, classes, m.classes)
	}
	logits, err := m.logits(ctx, set.Pixels())
	if err != nil {
		return e, err
	}
	for i := range set.Len() {
		row, label := logits[i*len(m.classes):(i+1)*len(m.classes)], set.Label(i)
		if argMax(row) == label {
			e.Accuracy++
		}
		e.Loss += logSumExp(row) - float64(row[label])
	}
	n := float64(set.Len())
	return Evaluation{Loss: e.Loss / n, Accuracy: e.Accuracy / n}, nil
}

// Close gives back what the model holds on its device. The model cannot be used afterwards.
func (m *Model) Close() (err error) {
	defer guard(&err)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return nil
	}
	m.evaluator.Close()
	m.evaluator = nil
	if m.device != nil {
		m.device.Close()
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

func (m *Model) predict(ctx context.Context, pixels []uint8) ([]Prediction, error) {
	logits, err := m.logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	var predictions []Prediction
	for row := range slices.Chunk(logits, len(m.classes)) {
		p := softmax(row)
		class := argMax(row)
		predictions = append(predictions, Prediction{Class: class, Label: m.classes[class], Probability: p[class], Probabilities: p})
	}
	return predictions, nil
}

func (m *Model) logits(ctx context.Context, pixels []uint8) ([]float32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return nil, ErrClosed
	}
	return m.evaluator.Logits(ctx, pixels)
}

// appendPixels appends an image as bytes [height, width, channels].
func appendPixels(pixels []uint8, img image.Image, want data.Shape) ([]uint8, error) {
	if img == nil {
		return nil, fmt.Errorf("%w: it is nil", ErrImage)
	}
	b := img.Bounds()
	if b.Dy() != want.Height || b.Dx() != want.Width {
		return nil, fmt.Errorf("%w: it is %dx%d, want %dx%d", ErrImage, b.Dy(), b.Dx(), want.Height, want.Width)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			at := img.At(x, y)
			switch want.Channels {
			case 1:
				pixels = append(pixels, color.GrayModel.Convert(at).(color.Gray).Y)
			case 3:
				r, g, b, _ := at.RGBA() // 16 bits, transparency already blended with black
				pixels = append(pixels, uint8(r>>8), uint8(g>>8), uint8(b>>8))
			default:
				return nil, fmt.Errorf("%w: the model takes %d channels, an image has 1 or 3", ErrImage, want.Channels)
			}
		}
	}
	return pixels, nil
}

func argMax(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}

// logSumExp is log(sum(exp(row))).
func logSumExp(row []float32) float64 {
	top := float64(slices.Max(row))
	var sum float64
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

func softmax(row []float32) []float64 {
	p, norm := make([]float64, len(row)), logSumExp(row)
	for i, v := range row {
		p[i] = math.Exp(float64(v) - norm)
	}
	return p
}
