package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// Ensemble is several models that answer together: what it finds of an image is the mean of the probabilities that they
// find. Models that were trained from different seeds make different mistakes, and together fewer (docs/models.md has
// figures). It takes the time and the memory of all of them: they compute one after another, since each has the use of
// all cores or of a whole GPU. It is safe for concurrent use, as its models are, which may be used by themselves, too.
//
// The mean is that of the probabilities, not of the logits, which have no bound: no model that is very sure of itself
// outvotes the others. To average logits instead, average the logarithms of the models' probabilities: docs/models.md
// compares both.
type Ensemble struct {
	models    []*Model
	threshold threshold
}

// NewEnsemble makes an ensemble, of at least one model. The models must agree in the size and channels of their images,
// in their classes and in the resizing of pictures (see [data.Resizing]); network, normalisation, test views, precision and
// backend may differ. A model that is there twice counts twice.
//
// The models are then the ensemble's, and closed with it. If NewEnsemble fails they remain the caller's. The error
// wraps [ErrArgument] if there are none, one is nil or zero, or they do not agree.
func NewEnsemble(models ...*Model) (e *Ensemble, err error) {
	defer guard(&err)
	err = agree(models, func(m *Model) map[string]any {
		return map[string]any{"input": m.network.Input, "classes": m.classes, "resizing": m.resizing.String()}
	})
	if err != nil {
		return nil, fmt.Errorf("making an ensemble: %w", err)
	}
	return &Ensemble{models: slices.Clone(models)}, nil
}

// made reports an ensemble that is nil or zero.
func (e *Ensemble) made() error {
	if e == nil || len(e.models) == 0 {
		return fmt.Errorf("%w: the ensemble is nil or zero: NewEnsemble makes ensembles", ErrArgument)
	}
	return nil
}

// String says what the ensemble is, as in "3 models for images of 32x32x3 in 10 classes".
func (e *Ensemble) String() string {
	if e.made() != nil {
		return "no models"
	}
	return digits.Counted(len(e.models), "model", "models") + " " + e.models[0].purpose()
}

// Classes returns the names of the classes.
func (e *Ensemble) Classes() []string {
	if e.made() != nil {
		return nil
	}
	return e.models[0].Classes()
}

// SetThreshold is [Model.SetThreshold] for the ensemble's answers: 0, the default, for none. Those of its models do not
// count.
func (e *Ensemble) SetThreshold(probability float64) error {
	if err := e.made(); err != nil {
		return err
	}
	return e.threshold.set(probability)
}

// Threshold is what [Ensemble.SetThreshold] has set.
func (e *Ensemble) Threshold() float64 {
	if e.made() != nil {
		return 0
	}
	return e.threshold.value()
}

// Predict classifies images as [Model.Predict] does, with the same errors, which name the model by its index where one
// has failed. Each image is scaled once.
func (e *Ensemble) Predict(ctx context.Context, images ...image.Image) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := errors.Join(e.made(), given(ctx)); err != nil {
		return nil, err
	}
	pixels, err := e.models[0].pixels(ctx, images)
	if err != nil {
		return nil, err
	}
	return e.predict(ctx, pixels)
}

// PredictDataset classifies all images of a set, whose labels do not count. Its errors are those of [Ensemble.Predict].
func (e *Ensemble) PredictDataset(ctx context.Context, set *data.Dataset) (predictions []Prediction, err error) {
	defer guard(&err)
	if err := errors.Join(e.made(), given(ctx)); err != nil {
		return nil, err
	}
	if err := e.models[0].reads(set); err != nil {
		return nil, err
	}
	return e.predict(ctx, set.Pixels())
}

// Evaluate compares the ensemble's classes with the labels of a set, as [Model.Evaluate] does, with the same errors,
// which name the model by its index where one has failed.
func (e *Ensemble) Evaluate(ctx context.Context, set *data.Dataset) (v Evaluation, err error) {
	defer guard(&err)
	if err := errors.Join(e.made(), given(ctx)); err != nil {
		return v, err
	}
	if err := e.models[0].knows(set); err != nil {
		return v, err
	}
	logits, err := e.logits(ctx, set.Pixels())
	if err != nil {
		return v, err
	}
	return evaluationOf(e.models[0].classes, e.Threshold(), set.Labels(), logits...), nil
}

func (e *Ensemble) predict(ctx context.Context, pixels []uint8) ([]Prediction, error) {
	logits, err := e.logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	return predictionsOf(e.models[0].classes, e.Threshold(), logits...), nil
}

// logits are those of each model, [n, classes].
func (e *Ensemble) logits(ctx context.Context, pixels []uint8) ([][]float32, error) {
	all := make([][]float32, len(e.models))
	for i, m := range e.models {
		var err error
		if all[i], err = m.logits(ctx, pixels); err != nil {
			return nil, fmt.Errorf("model %d: %w", i, err)
		}
	}
	return all, nil
}

// Close closes the models. The ensemble cannot be used afterwards.
func (e *Ensemble) Close() error {
	if e.made() != nil {
		return nil // there is nothing to close
	}
	var errs []error
	for i, m := range e.models {
		if err := m.Close(); err != nil {
			errs = append(errs, fmt.Errorf("model %d: %w", i, err))
		}
	}
	return errors.Join(errs...)
}
