package fastresnet_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/google/go-cmp/cmp"
)

// traced is the pure-Go engine, whose weights are traced, and which answers when it is let.
type traced struct {
	engine.Backend
	t *testing.T
	// entered is sent to, and answers is received from, before each answer of a classifier; nil for no waiting.
	entered, answers chan struct{}

	mu     sync.Mutex
	open   map[*tracedWeights]bool // false once closed
	closed bool
}

type tracedWeights struct {
	engine.Weights
	of *traced
}

func (w *tracedWeights) Close() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if !w.of.open[w] || w.of.closed {
		w.of.t.Error("weights are closed twice, or after their device")
	}
	w.of.open[w] = false
	w.Weights.Close()
}

// count is how many weights were made, and how many of them are not closed.
func (w *traced) count() (made, open int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, is := range w.open {
		if made++; is {
			open++
		}
	}
	return made, open
}

func (w *traced) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.Backend.Close()
}

func (w *traced) Train(ctx context.Context, cfg engine.Config, train *data.Dataset, sizes []int) (engine.Stepper, error) {
	steps, err := w.Backend.Train(ctx, cfg, train, sizes)
	return tracedSteps{steps, w}, err
}

type tracedSteps struct {
	engine.Stepper
	of *traced
}

func (s tracedSteps) Weights() (weights, last engine.Weights, err error) {
	weights, last, err = s.Stepper.Weights()
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	own := &tracedWeights{weights, s.of}
	s.of.open[own] = true
	return own, last, err
}

func (w *traced) Classify(cfg engine.Config, size int) (engine.Classifier, error) {
	c, err := w.Backend.Classify(cfg, size)
	return tracedClassifier{c, w}, err
}

type tracedClassifier struct {
	engine.Classifier
	of *traced
}

func (c tracedClassifier) Logits(ctx context.Context, w engine.Weights, pixels []uint8) ([]float32, error) {
	if c.of.entered != nil {
		c.of.entered <- struct{}{}
		<-c.of.answers
	}
	own := w.(*tracedWeights)
	c.of.mu.Lock()
	if !c.of.open[own] {
		c.of.t.Error("the model answers by weights that are closed")
	}
	c.of.mu.Unlock()
	return c.Classifier.Logits(ctx, own.Weights, pixels)
}

// trace registers a traced engine as "traced".
func trace(t *testing.T) *traced {
	w := &traced{t: t, open: map[*tracedWeights]bool{}}
	engine.Register(func(_, _ string, o engine.Opening) (*engine.Device, error) {
		d, err := engine.Open("go", o)
		if err == nil {
			w.Backend, d.Backend = d.Backend, w
		}
		return d, err
	}, "traced")
	return w
}

// A run goes on while its model answers about many images, all of them by the weights of the moment when it was asked. Neither
// waits for the other, and neither do those who ask next.
func TestConcurrentRunAndAnswers(t *testing.T) {
	const epochs, batch, batches = 3, 16, 3
	set := synthetic(t, batch*batches, 1)
	w := trace(t)
	ctx := context.Background()
	var want, got []fastresnet.Prediction
	var answered sync.WaitGroup
	heard := make(chan int, epochs)
	observer := fastresnet.Observer{
		Start: func(r *fastresnet.Result) {
			var err error
			if want, err = r.Model.PredictDataset(ctx, set); err != nil {
				t.Error(err)
			}
			w.entered, w.answers = make(chan struct{}), make(chan struct{})
			answered.Go(func() {
				var err error
				if got, err = r.Model.PredictDataset(ctx, set); err != nil {
					t.Error(err)
				}
			})
			<-w.entered // the model answers the first batch, until it is let
		},
		Epoch: func(e fastresnet.Epoch) { heard <- e.Number },
	}
	var result *fastresnet.Result
	ended := make(chan error, 1)
	go func() {
		var err error
		result, err = fastresnet.Train(ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("traced"),
			fastresnet.WithEpochs(epochs), fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(batch),
			fastresnet.WithProgress(observer))
		ended <- err
	}()
	timeout := time.After(time.Minute)
	for epoch := 1; epoch <= epochs; epoch++ {
		select {
		case <-heard:
		case <-timeout:
			t.Fatalf("the run waits for answers at the end of epoch %d", epoch)
		}
	}
	w.answers <- struct{}{}
	for range batches - 1 {
		<-w.entered
		w.answers <- struct{}{}
	}
	answered.Wait()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	w.entered, w.answers = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("predictions (-before the first step +over several epochs):\n%.1000s", diff)
	}
	trained, err := result.Model.PredictDataset(ctx, set)
	if err != nil || cmp.Equal(trained, got) {
		t.Errorf("the trained model answers as before, or not at all: %v", err)
	}
	if made, open := w.count(); made != 1+epochs || open != 1 {
		t.Errorf("%d weights, %d of them open; want %d, and the last one open", made, open, 1+epochs)
	}
	if err := result.Model.Close(); err != nil {
		t.Error(err)
	}
	if _, open := w.count(); open != 0 {
		t.Errorf("%d weights are open once the model is closed", open)
	}
}

// A caller whose context ends leaves at once, whatever others wait for, and what was held for it is closed.
func TestConcurrentCallersLeave(t *testing.T) {
	const batch = 16
	set := synthetic(t, 3*batch, 1)
	w := trace(t)
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("traced"),
		fastresnet.WithEpochs(1), fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(batch))
	if err != nil {
		t.Fatal(err)
	}
	w.entered, w.answers = make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	for range 3 {
		go func() {
			_, err := result.Model.PredictDataset(ctx, set)
			errs <- err
		}()
	}
	<-w.entered
	await(t, result.Model, 2)
	cancel()
	for range 3 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	}
	closed := make(chan error)
	go func() { closed <- result.Model.Close() }()
	w.answers <- struct{}{}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, open := w.count(); open != 0 || !w.closed {
		t.Errorf("%d weights are open once the model is closed", open)
	}
}

// A model that is closed between the batches of an answer closes the weights before its device, and once.
func TestConcurrentCloseBetweenBatches(t *testing.T) {
	const batch, batches = 16, 3
	set := synthetic(t, batch*batches, 1)
	w := trace(t)
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("traced"),
		fastresnet.WithEpochs(1), fastresnet.WithArchitecture(tinyNetwork()), fastresnet.WithBatchSize(batch))
	if err != nil {
		t.Fatal(err)
	}
	w.entered, w.answers = make(chan struct{}, batches), make(chan struct{}, batches)
	answered := make(chan error)
	go func() {
		_, err := result.Model.PredictDataset(context.Background(), set)
		answered <- err
	}()
	<-w.entered
	closed := make(chan error)
	go func() { closed <- result.Model.Close() }()
	for range batches {
		w.answers <- struct{}{}
	}
	for range 2 {
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case err := <-answered:
			if err != nil && !errors.Is(err, fastresnet.ErrClosed) {
				t.Errorf("error %v, want none or ErrClosed", err)
			}
		}
	}
	if _, open := w.count(); open != 0 {
		t.Errorf("%d weights are open once the model is closed", open)
	}
}
