package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/data"
)

// CrossValidation is how well a recipe does on the parts of a set, each held out once.
type CrossValidation struct {
	// Evaluations are those of the parts, each by a model that was trained on the others. They count the images of the part, which
	// is [data.Fold]'s Test.
	Evaluations []Evaluation
	// Pooled is the evaluation of all these parts together, that of the set: each image, by its index there, as the model sees it
	// that was not trained on it. Its Suspicious ones are where to look for wrong labels.
	Pooled Evaluation
	// Mean is the mean of the parts' accuracies, and Deviation their standard deviation, that of a sample; 0 of less than two.
	Mean, Deviation float64
}

// String is the mean and the deviation, as in "93.2 % ± 0.8 % (5 parts)".
func (v CrossValidation) String() string {
	return fmt.Sprintf("%.1f %% ± %.1f %% (%d parts)", 100*v.Mean, 100*v.Deviation, len(v.Evaluations))
}

// CrossValidate trains on all but one of k parts of a set and tests with that, for each of the parts, which are those of
// [data.Dataset.Folds] by the run's seed. The options are those of [Train], without [WithDataset], checkpoints, and what
// looks at a test set while it trains: [WithTargetAccuracy], [WithEarlyStop] and [WithBestWeights]. It is the way to compare
// recipes on a set too small to hold out much of it.
//
// Errors are those of Train, with the part, counted from 1, and wrap [data.ErrFormat] where the set has no such parts. Beside an
// error, that of a ctx that has ended too, there are the parts that came to their end before it. Models are closed as soon as
// their part is evaluated: the End of an [Observer] may save them.
func CrossValidate(ctx context.Context, set *data.Dataset, k int, opts ...Option) (v CrossValidation, err error) {
	defer guard(&err)
	if err := given(ctx); err != nil {
		return v, err
	}
	c := applied(opts)
	if c.checkpoints || c.ownData {
		return v, fmt.Errorf("%w: CrossValidate takes neither WithDataset nor WithCheckpoint", ErrOption)
	}
	if c.needsTest() {
		return v, fmt.Errorf("%w: CrossValidate trains without a test set, which WithTargetAccuracy, WithEarlyStop and WithBestWeights need", ErrOption)
	}
	folds, err := set.Folds(k, c.seed)
	if err != nil {
		return v, err
	}
	onFold := func(fold data.Fold) []Option { return append(slices.Clone(opts), WithDataset(fold.Train, nil)) }
	if _, err := configure(onFold(folds[0])); err != nil {
		return v, err
	}
	var parts []Evaluation
	for i, fold := range folds {
		e, err := validate(ctx, fold, onFold(fold))
		if err != nil {
			return crossValidationOf(parts, folds), fmt.Errorf("part %d of %d: %w", i+1, k, err)
		}
		parts = append(parts, e)
	}
	return crossValidationOf(parts, folds), nil
}

// crossValidationOf is what the evaluations of the first folds, or all, come to.
func crossValidationOf(parts []Evaluation, folds []data.Fold) CrossValidation {
	v := CrossValidation{Evaluations: parts}
	for i, e := range parts {
		v.Pooled = v.Pooled.with(e, folds[i].Indices)
		v.Mean += e.Accuracy / float64(len(parts))
	}
	for _, e := range parts {
		v.Deviation += share((e.Accuracy-v.Mean)*(e.Accuracy-v.Mean), len(parts)-1)
	}
	v.Deviation = math.Sqrt(v.Deviation)
	return v
}

// validate trains on a fold, and tests with what it holds out.
func validate(ctx context.Context, fold data.Fold, opts []Option) (e Evaluation, err error) {
	result, err := Train(ctx, opts...)
	if result != nil {
		defer func() { err = errors.Join(err, result.Model.Close()) }()
	}
	if err != nil {
		return e, err
	}
	return result.Model.Evaluate(ctx, fold.Test)
}
