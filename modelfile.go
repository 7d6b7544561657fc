package fastresnet

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/atomicfile"
	"github.com/fastresnet/fastresnet/internal/classnames"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
)

// A model's file is a safetensors file (docs/models.md): the variables by their names, those of the last step behind
// lastPrefix where the others are averages, and in the metadata the format's version and a modelDocument. The
// version counts up when a file's meaning changes in a way that older readers would get wrong.
const (
	formatKey, modelFormat = "fastresnet", 2
	modelKey               = "model"
	lastPrefix             = "last/"
)

// modelDocument is all of a model's file but the tensors.
type modelDocument struct {
	Network       layers.Network     `json:"network"`
	Classes       []string           `json:"classes"`
	Normalization data.Normalization `json:"normalization"`
	Fit           data.Fit           `json:"fit,omitempty"`
	Threshold     float64            `json:"threshold,omitempty"`
	TestViews     TestViews          `json:"test_views"`
	Record        *Record            `json:"result"`
}

// Save writes the model to a file, for [Load]. The file is written whole or not at all: if anything fails, the one
// that was at path before stays as it was.
//
// Besides the weights it holds what it takes to use them and how they came about: see [Model.Record]. The error wraps
// [ErrDiverged] if a weight is not finite.
func (m *Model) Save(path string) (err error) {
	defer guard(&err)
	file, err := m.file()
	if err != nil {
		return fmt.Errorf("saving a model: %w", err)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, file) })
}

// Write writes what [Model.Save] saves, for [ReadModel].
func (m *Model) Write(w io.Writer) (err error) {
	defer guard(&err)
	file, err := m.file()
	if err == nil {
		err = safetensors.Write(w, file)
	}
	if err != nil {
		return fmt.Errorf("writing a model: %w", err)
	}
	return nil
}

// file is the model's.
func (m *Model) file() (f safetensors.File, err error) {
	if err := m.made(); err != nil {
		return f, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return f, ErrClosed
	}
	record := m.history.known()
	values, last, err := m.values()
	if err != nil {
		return f, err
	}
	if !engine.Finite(values) || !engine.Finite(last) {
		return f, fmt.Errorf("%w: its weights are not finite", ErrDiverged)
	}
	text, err := strictjson.Marshal(modelDocument{
		Network: m.network, Classes: m.classes, Normalization: m.normalization, Fit: m.fit, Threshold: m.Threshold(), TestViews: record.Recipe.TestViews, Record: &record,
	}, nullable...)
	if err != nil {
		return f, err
	}
	variables, err := m.network.Variables()
	if err != nil {
		return f, err
	}
	f.Metadata = map[string]string{formatKey: strconv.Itoa(modelFormat), modelKey: string(text)}
	for _, v := range variables {
		f.Tensors = append(f.Tensors, safetensors.Tensor{Name: v.Name, Shape: v.Dims, Data: values[v.Name]})
	}
	if last != nil {
		for _, v := range variables {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: lastPrefix + v.Name, Shape: v.Dims, Data: last[v.Name]})
		}
	}
	return f, nil
}

// Load reads a model that [Model.Save] saved. The options are [WithBackend], [WithPluginDownload], [WithAutotuneCache],
// [WithPrecision], [WithMemoryLimit] and [WithLogger], with the defaults that they have for [Train]. What the model was
// trained on does not matter.
//
// The model computes in batches of the run's size, or in smaller ones, of 16 images at least, that keep to the memory
// limit: 2 GiB, or less where less is free, unless WithMemoryLimit says otherwise. One that cannot is an error that
// wraps ErrTooLarge.
//
// The error wraps [ErrForeign], [ErrTruncated], [ErrCorrupt], [ErrTooLarge] or [ErrNewer] if the file is not a good
// one, fs.ErrNotExist if there is none, [ErrOption] or [ErrBackend]. Close the model when it is no longer needed.
func Load(path string, opts ...LoadOption) (m *Model, err error) {
	defer guard(&err)
	c, err := configureLoading(opts)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("loading a model: %w", err)
	}
	defer file.Close()
	if m, err = c.read(file); err != nil {
		return nil, fmt.Errorf("loading %s: %w", path, err)
	}
	return m, nil
}

// ReadModel is [Load] from a reader, which it reads to its end: with bytes.NewReader, from a model that go:embed has put
// into the program.
func ReadModel(r io.Reader, opts ...LoadOption) (m *Model, err error) {
	defer guard(&err)
	c, err := configureLoading(opts)
	if err != nil {
		return nil, err
	}
	if m, err = c.read(r); err != nil {
		return nil, fmt.Errorf("reading a model: %w", err)
	}
	return m, nil
}

// read reads a model and puts it on a device.
func (c *computing) read(r io.Reader) (m *Model, err error) {
	file, err := safetensors.Read(r)
	if err != nil {
		return nil, err
	}
	doc, err := readDocument(file.Metadata)
	if err != nil {
		return nil, err
	}
	batch, err := c.batchOf(doc.Network, doc.Record.Recipe.BatchSize)
	if err != nil {
		return nil, err
	}
	values, last, err := doc.variables(file.Tensors)
	if err != nil {
		return nil, err
	}
	device, err := c.open(context.Background())
	if err != nil {
		return nil, err
	}
	defer func() {
		if m == nil {
			device.Close()
		}
	}()
	precision, err := c.precisionOn(device)
	if err != nil {
		return nil, err
	}
	loaded := newModel(engine.Config{
		Network: doc.Network, Normalization: doc.Normalization, Views: doc.TestViews.engineViews(),
		Batch: batch, BFloat16: precision == BFloat16,
	}, device, doc.Classes, doc.Fit, &history{record: *doc.Record})
	if err := loaded.load(device, values, last); err != nil {
		return nil, err
	}
	loaded.threshold.Store(math.Float64bits(doc.Threshold))
	loaded.adopt(device)
	c.logger.Info("model loaded", "network", doc.Network.Name, "backend", device.Name, "device", device.Description, "precision", precision)
	return loaded, nil
}

// readDocument takes the document from a file's metadata.
func readDocument(metadata map[string]string) (doc modelDocument, err error) {
	version, ours := metadata[formatKey]
	text, isModel := metadata[modelKey]
	if _, ok := metadata[checkpointKey]; ok {
		return doc, fmt.Errorf("%w: it is a checkpoint: resume its run, and save the model", ErrForeign)
	}
	if !ours {
		return doc, fmt.Errorf("%w: its metadata have no %q", ErrForeign, formatKey)
	}
	if n, err := strconv.Atoi(version); err != nil || n < 1 {
		return doc, fmt.Errorf("%w: format version %q", ErrCorrupt, version)
	} else if n > modelFormat {
		return doc, fmt.Errorf("%w: its format has version %d, and this version of the library reads up to %d: update it with go get github.com/fastresnet/fastresnet@latest", ErrNewer, n, modelFormat)
	}
	if version != strconv.Itoa(modelFormat) {
		return doc, fmt.Errorf("%w: its format has version %s, of an earlier version of the library, and this one reads %d: train the model again", ErrForeign, version, modelFormat)
	}
	if !isModel {
		return doc, fmt.Errorf("%w: it holds no model", ErrForeign)
	}
	if err := strictjson.Unmarshal([]byte(text), &doc, nullable...); err != nil {
		return doc, fmt.Errorf("%w: the description of the model: %w", ErrCorrupt, err)
	}
	return doc, doc.check()
}

// check reports a document that makes no sense, whoever made the file's checksum.
func (d modelDocument) check() error {
	if _, err := d.Network.Plan(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if n := d.Network.Parameters(); n > maxParameters {
		return fmt.Errorf("%w: the network has %d parameters, need no more than %d", ErrTooLarge, n, maxParameters)
	}
	if n := d.Network.Classes(); n != len(d.Classes) {
		return fmt.Errorf("%w: %d names for the network's %d classes", ErrCorrupt, len(d.Classes), n)
	}
	if err := classnames.Check(d.Classes); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := d.Normalization.Validate(d.Network.Input.Channels); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if !(d.Threshold >= 0 && d.Threshold <= 1) {
		return fmt.Errorf("%w: a threshold of %g", ErrCorrupt, d.Threshold)
	}
	if err := d.Fit.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if d.Record == nil {
		return fmt.Errorf("%w: it has no result of a run", ErrCorrupt)
	}
	if !d.TestViews.known() || d.TestViews != d.Record.Recipe.TestViews {
		return fmt.Errorf("%w: test views %q, those of the recipe %q", ErrCorrupt, d.TestViews, d.Record.Recipe.TestViews)
	}
	if w := d.Record.Weights; w != LastWeights && w != AveragedWeights {
		return fmt.Errorf("%w: weights %q, want %q or %q", ErrCorrupt, w, LastWeights, AveragedWeights)
	}
	if b := d.Record.Recipe.BatchSize; b < 1 {
		return fmt.Errorf("%w: batch size %d", ErrCorrupt, b)
	}
	return nil
}

// variables are the values of the network's, by name; last is nil where the file has them once.
func (d modelDocument) variables(tensors []safetensors.Tensor) (values, last map[string][]float32, err error) {
	variables, err := d.Network.Variables()
	if err != nil {
		return nil, nil, err
	}
	byName := make(map[string]safetensors.Tensor, len(tensors))
	for _, t := range tensors {
		byName[t.Name] = t
	}
	take := func(prefix string) (map[string][]float32, error) {
		taken := make(map[string][]float32, len(variables))
		for _, v := range variables {
			t, is := byName[prefix+v.Name]
			if !is || !slices.Equal(t.Shape, v.Dims) {
				return nil, fmt.Errorf("%w: tensor %q has the shape %v, want %v", ErrCorrupt, prefix+v.Name, t.Shape, v.Dims)
			}
			delete(byName, prefix+v.Name)
			taken[v.Name] = t.Data
		}
		if !engine.Finite(taken) {
			return nil, fmt.Errorf("%w: its weights are not finite", ErrCorrupt)
		}
		return taken, nil
	}
	if values, err = take(""); err != nil {
		return nil, nil, err
	}
	if d.Record.Weights == AveragedWeights {
		if last, err = take(lastPrefix); err != nil {
			return nil, nil, err
		}
	}
	if err := d.variances(values, last); err != nil {
		return nil, nil, err
	}
	for name := range byName {
		return nil, nil, fmt.Errorf("%w: the network has no variable %q", ErrCorrupt, name)
	}
	return values, last, nil
}

// variances reports a running variance below 0, of which every answer would be not a number.
func (d modelDocument) variances(all ...map[string][]float32) error {
	steps, err := d.Network.Plan()
	if err != nil {
		return err
	}
	for _, s := range steps {
		norm, is := s.Layer.(layers.BatchNorm)
		for _, values := range all {
			if is && slices.ContainsFunc(values[norm.Name+"/variance"], func(v float32) bool { return v < 0 }) {
				return fmt.Errorf("%w: %q has a negative variance", ErrCorrupt, norm.Name)
			}
		}
	}
	return nil
}
