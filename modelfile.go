package fastresnet

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/fastresnet/fastresnet/internal/atomicfile"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// Save writes the model to a file, for [Load]. The file is written whole or not at all: if anything fails, the one
// that was at path before stays as it was. [WithStorage] makes it smaller.
//
// Besides the weights it holds what it takes to use them and how they came about: see [Model.Record], whose accuracies
// are those of the run, before any rounding of the weights. The error wraps [ErrDiverged] if a weight is not finite, or
// [ErrOption].
func (m *Model) Save(path string, opts ...SaveOption) (err error) {
	defer guard(&err)
	c, err := configureSaving(opts)
	if err != nil {
		return err
	}
	file, err := m.file(c.storage)
	if err != nil {
		return fmt.Errorf("saving a model: %w", err)
	}
	return c.storage.written(atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, file) }))
}

// Write writes what [Model.Save] saves, for [ReadModel].
func (m *Model) Write(w io.Writer, opts ...SaveOption) (err error) {
	defer guard(&err)
	c, err := configureSaving(opts)
	if err != nil {
		return err
	}
	file, err := m.file(c.storage)
	if err == nil {
		err = c.storage.written(safetensors.Write(w, file))
	}
	if err != nil {
		return fmt.Errorf("writing a model: %w", err)
	}
	return nil
}

// file is the model's.
func (m *Model) file(storage Storage) (f safetensors.File, err error) {
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
	text, err := m.document(&record)
	if err != nil {
		return f, err
	}
	variables, err := m.network.Variables()
	if err != nil {
		return f, err
	}
	// A model that was loaded without the last step's weights has none to write.
	format, averaged := plainFormat, record.Weights == AveragedWeights
	if storage != StoreFloat32 || averaged && last == nil {
		format = narrowFormat
	}
	f.Metadata = map[string]string{formatKey: strconv.Itoa(format), modelKey: text}
	f.Tensors = storage.tensors(variables, values)
	if last != nil && format == plainFormat {
		for _, t := range storage.tensors(variables, last) {
			t.Name = lastPrefix + t.Name
			f.Tensors = append(f.Tensors, t)
		}
	}
	return f, nil
}

// document is all of the model's file but the tensors, as text. It is an error if the file could not be read again.
func (m *Model) document(record *Record) (string, error) {
	text, err := strictjson.Marshal(modelDocument{
		Network: m.network, Classes: m.classes, Normalization: m.normalization, Resizing: m.resizing, Threshold: m.Threshold(),
		TestViews: record.Recipe.TestViews, Record: record,
	}, nullable...)
	return string(text), err
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
	var version, batch int
	var doc modelDocument
	file, err := safetensors.Read(r, func(head safetensors.File) (err error) {
		if version, doc, err = readDocument(head.Metadata); err != nil {
			return err
		}
		if err := doc.checkTensors(version, head.Tensors); err != nil {
			return err
		}
		batch, err = c.batchOf(doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	values, last, err := doc.variables(version, file.Tensors)
	if err != nil {
		return nil, err
	}
	return c.model(doc, batch, values, last)
}

// model puts a model on a device, to compute a batch of images together at most. last may be nil.
func (c *computing) model(doc modelDocument, batch int, values, last map[string][]float32) (m *Model, err error) {
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
	}, device, doc.Classes, doc.Resizing, &history{record: *doc.Record})
	if err := loaded.threshold.set(doc.Threshold); err != nil {
		return nil, err
	}
	if err := loaded.load(device, values, last); err != nil {
		return nil, err
	}
	loaded.adopt(device)
	c.logger.Info("model loaded", "network", doc.Network.Name, "backend", device.Name, "device", device.Description, "precision", precision)
	return loaded, nil
}
