package fastresnet

import (
	"fmt"
	"math"
)

// MeanOfWeights makes one model of several: each of its weights and running statistics is the mean of theirs, a "model
// soup" (https://arxiv.org/abs/2203.05482), which takes the time and the memory of one. It is for models that have most
// of their training in common: those that were trained on from the same one, as in that paper, or the ends of the
// epochs of one run whose rate is still high. Of a run whose rate falls to 0 the last epoch is better than a mean with
// those before it. Models that began with different weights have learned the same things in different places, and their
// mean knows nothing: docs/models.md has figures. Those make an [Ensemble].
//
// The models, at least one, must have the same network, classes, normalisation and resizing of pictures
// (see [data.Resizing]); they stay as they are, and the caller's. What they compute with is what counts: the averages,
// where a recipe has [Averaging]. Sums are in float64, and the mean of copies of a model is that model to the bit. The
// options are those of [Load].
//
// The new model has the test views of the first one and no threshold. Its [Model.Record] has the recipe, seed, device
// and data of the first one's run, [MeanWeights], and nothing that was measured of another model than it: no epochs, no
// reason to stop, no times. [Model.Evaluate] tests it.
//
// The error wraps [ErrArgument] if there are no models, one is nil or zero, or they do not agree, and then says in
// what; [ErrClosed]; [ErrDiverged] if a weight is not finite; [ErrOption], [ErrBackend], or [ErrTooLarge] as of Load.
// Close the model when it is no longer needed.
func MeanOfWeights(models []*Model, opts ...LoadOption) (m *Model, err error) {
	defer guard(&err)
	c, err := configureLoading(opts)
	if err != nil {
		return nil, err
	}
	if m, err = c.mean(models); err != nil {
		return nil, fmt.Errorf("mean of weights: %w", err)
	}
	return m, nil
}

// mean makes a model of several, and puts it on a device.
func (c *computing) mean(models []*Model) (*Model, error) {
	err := agree(models, func(m *Model) map[string]any {
		return map[string]any{"network": m.network, "classes": m.classes, "normalization": m.normalization, "resizing": m.resizing.String()}
	})
	if err != nil {
		return nil, err
	}
	first, record := models[0], models[0].Record()
	record.Weights = MeanWeights
	record.Epochs, record.BestEpoch, record.Stopped, record.ResumedFrom, record.Timing = nil, 0, NotStopped, "", Timing{}
	doc := modelDocument{
		Network: first.Network(), Classes: first.Classes(), Normalization: first.normalization, Resizing: first.resizing,
		TestViews: record.Recipe.TestViews, Record: &record,
	}
	batch, err := c.batchOf(doc)
	if err != nil {
		return nil, err
	}
	values, err := meanValues(models)
	if err != nil {
		return nil, err
	}
	return c.model(doc, batch, values, nil)
}

// meanValues are the means of the variables, by name.
func meanValues(models []*Model) (map[string][]float32, error) {
	sums := map[string][]float64{}
	for i, m := range models {
		values, err := m.weights()
		if err != nil {
			return nil, fmt.Errorf("model %d: %w", i, err)
		}
		for name, own := range values {
			if i == 0 {
				sums[name] = make([]float64, len(own))
				for j := range own {
					sums[name][j] = math.Copysign(0, -1) // so that the sum of negative zeros is one
				}
			}
			for j, v := range own {
				sums[name][j] += float64(v)
			}
		}
	}
	means := make(map[string][]float32, len(sums))
	for name, sum := range sums {
		means[name] = make([]float32, len(sum))
		for j, v := range sum {
			means[name][j] = float32(v / float64(len(models)))
		}
	}
	return means, nil
}
