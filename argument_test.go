package fastresnet_test

import (
	"context"
	"errors"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// A call that lacks a context or a model says so, whichever it is.
func TestMissingArguments(t *testing.T) {
	set := synthetic(t, 16, 1)
	model := train(t, set, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	ctx := context.Background()
	var none context.Context
	for _, broken := range []struct {
		name  string
		model *fastresnet.Model
		ctx   context.Context
		want  string
	}{
		{"no context", model, none, "context is nil"},
		{"nil model", nil, ctx, "model is nil or zero"},
		{"zero model", &fastresnet.Model{}, ctx, "model is nil or zero"},
	} {
		m := broken.model
		calls := map[string]func() error{
			"Predict":        func() error { _, err := m.Predict(broken.ctx, set.Image(0)); return err },
			"PredictDataset": func() error { _, err := m.PredictDataset(broken.ctx, set); return err },
			"Embed":          func() error { _, err := m.Embed(broken.ctx, set.Image(0)); return err },
			"EmbedDataset":   func() error { _, err := m.EmbedDataset(broken.ctx, set); return err },
			"Evaluate":       func() error { _, err := m.Evaluate(broken.ctx, set); return err },
		}
		if broken.ctx == nil {
			calls["Train"] = func() error {
				_, err := fastresnet.Train(broken.ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBatchSize(4), fastresnet.WithBackend("go"))
				return err
			}
		} else {
			calls["Save"] = func() error { return m.Save(t.TempDir() + "/model") }
			calls["Write"] = func() error { return m.Write(io.Discard) }
			calls["Weights"] = func() error { _, err := m.Weights(); return err }
			calls["ExportONNX"] = func() error { return m.ExportONNX(io.Discard) }
		}
		for name, call := range calls {
			err := call()
			if !errors.Is(err, fastresnet.ErrArgument) || errors.Is(err, fastresnet.ErrInternal) || !strings.Contains(err.Error(), broken.want) {
				t.Errorf("%s, %s: error %v, want ErrArgument that says %q", broken.name, name, err, broken.want)
			}
		}
	}
	for _, m := range []*fastresnet.Model{nil, {}} {
		if diff := cmp.Diff(fastresnet.Record{}, m.Record()); diff != "" || m.Classes() != nil || m.EmbeddingSize() != 0 || m.Resizing() != data.ResizeByCropping || len(m.Network().Layers) > 0 || !strings.Contains(m.Summary(), layers.ErrNetwork.Error()) {
			t.Errorf("record %v, classes %q, network %v, summary %q; want nothing", m.Record(), m.Classes(), m.Network(), m.Summary())
		}
		if err := m.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if d := fastresnet.Diagnose(none, "xla:cuda"); d.Backend != "go" {
		t.Errorf("Diagnose finds backend %q, want go", d.Backend)
	}
}

// hostile is a context that panics when it is asked how it ended, after a number of times.
type hostile struct {
	context.Context
	calls *int
	after int
}

func (h hostile) Err() error {
	if *h.calls++; *h.calls > h.after {
		panic("how should I know")
	}
	return nil
}

// A panic of the caller's context is the caller's error, on whichever goroutine it would have happened, and the model
// goes on.
func TestHostileContext(t *testing.T) {
	set := synthetic(t, 16, 1)
	model := train(t, set, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	for after := range 4 {
		ended, cancel := context.WithCancel(context.Background())
		fresh := func(ctx context.Context) context.Context { return hostile{ctx, new(int), after} }
		fits := func(err error) bool { return err == nil || errors.Is(err, fastresnet.ErrInternal) }
		if _, err := model.Predict(fresh(context.Background()), set.Image(0)); !fits(err) {
			t.Errorf("Predict, panic after %d calls: %v", after, err)
		}
		release := model.Hold()
		waiting := make(chan error)
		go func() {
			_, err := model.Evaluate(fresh(ended), set)
			waiting <- err
		}()
		if after > 0 {
			await(t, model, 1)
		}
		cancel()
		if err := <-waiting; !fits(err) {
			t.Errorf("Evaluate, cancelled, panic after %d calls: %v", after, err)
		}
		release()
		_, err := fastresnet.Train(fresh(ended), fastresnet.WithDataset(set, set), fastresnet.WithBatchSize(4), fastresnet.WithBackend("go"),
			fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1))
		if !fits(err) {
			t.Errorf("Train, panic after %d calls: %v", after, err)
		}
		fastresnet.Diagnose(fresh(ended), "xla:cuda")
		if _, err := model.Predict(context.Background(), set.Image(0)); err != nil {
			t.Fatalf("the next caller gets %v", err)
		}
	}
}

// Images are not scaled for a caller who has left.
func TestPredictIsCancelledBetweenImages(t *testing.T) {
	set := synthetic(t, 16, 1)
	model := train(t, set, fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithEpochs(1)).Model
	ctx, cancel := context.WithCancel(context.Background())
	first, second := false, false
	plain := image.NewGray(image.Rect(0, 0, 40, 40))
	_, err := model.Predict(ctx, watched{plain, func() { first = true; cancel() }}, watched{plain, func() { second = true }})
	if !errors.Is(err, context.Canceled) || !first || second {
		t.Errorf("error %v, looked at the first image: %t, at the second: %t; want context.Canceled after the first", err, first, second)
	}
}

// watched is an image that tells when it is looked at.
type watched struct {
	image.Image
	seen func()
}

func (w watched) Bounds() image.Rectangle {
	w.seen()
	return w.Image.Bounds()
}
