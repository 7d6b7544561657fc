package fastresnet

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/pathname"
	"github.com/fastresnet/fastresnet/layers"
)

// Model is a trained network with what is needed to use it: its classes and its normalisation. It is safe
// for concurrent use: calls wait for each other, and the images of those that wait are computed together.
type Model struct {
	network       layers.Network
	classes       []string
	normalization data.Normalization
	resizing      data.Resizing
	views         []engine.View
	computes      computes
	batch         int      // images that are computed together at most
	history       *history // of the run that made it
	batcher       batcher
	generations   generations
	threshold     threshold

	mu        sync.Mutex        // held while the model computes
	device    *engine.Device    // nil while it is the training's
	evaluator *engine.Evaluator // nil once closed
}

// computes is what a model computes with, also once it is closed: the backend by name, and its description of the device.
type computes struct{ backend, device string }

func newModel(cfg engine.Config, d *engine.Device, classes []string, resizing data.Resizing, h *history) *Model {
	e := engine.NewEvaluator(d, cfg)
	return &Model{
		network: cfg.Network, classes: classes, normalization: cfg.Normalization, resizing: resizing, views: cfg.Views, history: h,
		computes: computes{d.Name, d.Description}, batch: e.Batch(), evaluator: e,
	}
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

// use makes the model compute with these weights for those who ask from now on, which become its own. last, which may be nil,
// are the last step's.
func (m *Model) use(weights, last engine.Weights) error {
	if !m.generations.use(weights, last) {
		return ErrClosed
	}
	return nil
}

// load uploads the weights, and makes the model use them. last may be nil.
func (m *Model) load(d *engine.Device, values, last map[string][]float32) error {
	variables, err := m.network.Variables()
	if err != nil {
		return err
	}
	weights, err := d.Upload(variables, values)
	if err != nil {
		return err
	}
	if last == nil {
		return m.use(weights, nil)
	}
	lastWeights, err := d.Upload(variables, last)
	if err != nil {
		closeAll(weights)
		return err
	}
	return m.use(weights, lastWeights)
}

// values copies the weights to the host, by name: those that the model computes with, and those of the last step where
// these are averages. The model is locked, and not closed.
func (m *Model) values() (values, last map[string][]float32, err error) {
	w := m.generations.hold()
	defer w.release()
	if values, err = w.weights.Values(); err == nil && w.last != nil {
		last, err = w.last.Values()
	}
	return values, last, err
}

// weights copies those that the model computes with to the host, by name: finite ones, or an error.
func (m *Model) weights() (map[string][]float32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return nil, ErrClosed
	}
	values, _, err := m.values()
	if err == nil && !engine.Finite(values) {
		err = fmt.Errorf("%w: its weights are not finite", ErrDiverged)
	}
	return values, err
}

func (m *Model) compileTime() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return 0
	}
	return m.evaluator.CompileTime
}

// made reports a model that is nil or zero.
func (m *Model) made() error {
	if m == nil || len(m.classes) == 0 {
		return fmt.Errorf("%w: the model is nil or zero: Train, Load and ReadModel make models", ErrArgument)
	}
	return nil
}

// Classes returns the names of the classes.
func (m *Model) Classes() []string {
	if m.made() != nil {
		return nil
	}
	return slices.Clone(m.classes)
}

// Resizing returns how pictures of other proportions are fitted to the network's input: as the training set's pictures were.
func (m *Model) Resizing() data.Resizing {
	if m.made() != nil {
		return data.ResizeByCropping
	}
	return m.resizing
}

// Normalization returns how pixels become the numbers that the network is given.
func (m *Model) Normalization() data.Normalization {
	if m.made() != nil {
		return data.Normalization{}
	}
	return data.Normalization{Mean: slices.Clone(m.normalization.Mean), Std: slices.Clone(m.normalization.Std)}
}

// Device returns the backend that the model computes with, as [WithBackend] names it, and the backend's description of its
// device. A loaded model may have been trained on another one: [Model.Record] has that.
func (m *Model) Device() (backend, description string) {
	if m.made() != nil {
		return "", ""
	}
	return m.computes.backend, m.computes.device
}

// Network returns the description of the network.
func (m *Model) Network() layers.Network {
	if m.made() != nil {
		return layers.Network{}
	}
	return m.network.Clone()
}

// Weights copies the values of the network's variables, by name; [layers.Network.Variables] has their order and dimensions.
// The error wraps [ErrArgument], [ErrClosed], or [ErrDiverged] if a value is not finite.
func (m *Model) Weights() (values map[string][]float32, err error) {
	defer guard(&err)
	if err := m.made(); err != nil {
		return nil, err
	}
	return m.weights()
}

// Record is how the model came about, which a loaded model has from its file; while the run that makes the model goes
// on, as far as it is. It is zero if the model is nil or zero.
func (m *Model) Record() Record {
	if m.made() != nil {
		return Record{}
	}
	return m.history.known()
}

// SetThreshold makes predictions whose probability is below it Unknown: see [Prediction]. 0 is the default, for none. It
// is saved with the model. [Evaluation.ThresholdFor] finds one. The error wraps [ErrArgument] unless it is 0 to 1.
func (m *Model) SetThreshold(probability float64) error {
	if err := m.made(); err != nil {
		return err
	}
	return m.threshold.set(probability)
}

// Threshold is what [Model.SetThreshold] has set.
func (m *Model) Threshold() float64 {
	if m.made() != nil {
		return 0
	}
	return m.threshold.value()
}

// String says what the model is, as in "resnet9, 6,573,120 parameters, for images of 32x32x3 in 10 classes".
func (m *Model) String() string {
	if m.made() != nil {
		return "no model"
	}
	name := pathname.Printable(cmp.Or(m.network.Name, "a network"))
	return fmt.Sprintf("%s, %s parameters, %s", name, digits.Count(m.network.Parameters()), m.purpose())
}

// purpose says what the model is for.
func (m *Model) purpose() string {
	return fmt.Sprintf("for images of %v in %s", m.network.Input, digits.Counted(len(m.classes), "class", "classes"))
}

// Summary is a table of the network: layers, output shapes, parameters and multiply-adds.
func (m *Model) Summary() string { return m.Network().Summary() }

// Close waits for what the model is computing, and gives back what it holds on its device. Afterwards, methods that need
// the weights return an error that wraps [ErrClosed]. To close it again does nothing.
func (m *Model) Close() (err error) {
	defer guard(&err)
	if m.made() != nil {
		return nil // there is nothing to give back
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return nil
	}
	m.evaluator.Close()
	m.evaluator = nil
	m.generations.close()
	if m.device != nil {
		m.device.Close()
	}
	return nil
}
