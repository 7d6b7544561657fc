package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet/data"
)

// CrossValidation is how well a recipe does on the parts of a set, each held out once.
type CrossValidation struct {
	// Evaluations are those of the parts, each by a model that was trained on the others. Their images are numbered by their
	// place in the Indices of the part's [data.Fold].
	Evaluations []Evaluation
	// Pooled is the evaluation of all these parts together, each image by the model that was not trained on it. Its images are
	// numbered as in the set. Its Suspicious ones are where to look for wrong labels.
	Pooled Evaluation
	// Mean is the mean of the parts' accuracies, and Deviation their standard deviation, that of a sample; 0 of fewer than two.
	Mean, Deviation float64
	// Parts is how many there are in all, of which an error may leave some without an evaluation.
	Parts int
	// Warnings say which classes have fewer images than there are parts, so that not all parts test them, and which have very few
	// in the whole set beside the largest, which is logged too; and then what else the runs of the evaluated parts warn of
	// ([Record]), as in "part 2 of 5: ...", or without a part what those of all parts do.
	Warnings []string
}

// String is the mean and the deviation, as in "93.2 % ± 0.8 % (5 parts)"; of some of the parts "93.2 % ± 0.8 % (2 of 5 parts)",
// of one "93.2 % (1 of 5 parts)", and of none "no part evaluated".
func (v CrossValidation) String() string {
	done := len(v.Evaluations)
	if done == 0 {
		return "no part evaluated"
	}
	text := fmt.Sprintf("%.1f %%", 100*v.Mean)
	if done > 1 {
		text += fmt.Sprintf(" ± %.1f %%", 100*v.Deviation)
	}
	if done < v.Parts {
		return fmt.Sprintf("%s (%d of %d parts)", text, done, v.Parts)
	}
	return fmt.Sprintf("%s (%d parts)", text, done)
}

// CrossValidate trains on all but one of k parts of a set and tests with that, for each of the parts, which are those of
// [data.Dataset.Folds] by the run's seed. The options are those of [Train], without [WithDataset], checkpoints, and what
// is about a test set while it trains: [WithTargetAccuracy], [WithEarlyStop], [WithBestWeights] and [WithTestEvery]. It is the
// way to compare recipes on a set too small to hold out much of it.
//
// Errors are those of Train, with the part, counted from 1, and wrap [data.ErrFormat] where the set has no such parts; all that is
// wrong with the options and the set is said at once, before anything is trained. If a part fails or ctx ends, CrossValidate
// returns the error together with the parts that were finished before. Models are closed as soon as their part is evaluated:
// the End of an [Observer] may save them.
func CrossValidate(ctx context.Context, set *data.Dataset, k int, opts ...Option) (v CrossValidation, err error) {
	defer guard(&err)
	if err := given(ctx); err != nil {
		return v, err
	}
	c := applied(opts)
	on := func(train *data.Dataset) []Option {
		return append(slices.Clone(opts), WithDataset(train, nil), withoutTests(), trainOption(func(c *config) { c.part = true }))
	}
	var warnings []string
	folds, err := set.Folds(k, c.seed)
	problems := append(c.refused(), err)
	if err == nil {
		first, _, err := folds[0].Sets()
		if err == nil {
			c, err = configure(on(first))
		}
		if err == nil {
			warnings = append(scarce(set, k), c.recipe.rare(set)...)
		}
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return v, err
	}
	for _, w := range warnings {
		c.logger.WarnContext(ctx, w)
	}
	var parts []part
	for i, fold := range folds {
		train, test, err := fold.Sets() // when its turn has come: all of them together would be k times the set
		var p part
		if err == nil {
			p, err = validate(ctx, test, on(train))
		}
		if err != nil {
			return crossValidationOf(warnings, folds, parts), fmt.Errorf("part %d of %d: %w", i+1, k, err)
		}
		parts = append(parts, p)
	}
	return crossValidationOf(warnings, folds, parts), nil
}

// part is what came of one: how well it went, and what its run warned of.
type part struct {
	evaluation Evaluation
	warnings   []string
}

// refused are the problems of options that a run on parts of a set does not take.
func (c *config) refused() []error {
	const untested = "parts are trained without a test set"
	var errs []error
	for _, o := range []struct {
		given     bool
		name, why string
	}{
		{c.ownData, "WithDataset", "each part has sets of its own"},
		{c.checkpoints, "WithCheckpoint", "a folder is for one run"},
		{c.resume, "WithResume", "there are no checkpoints"},
		{c.target != nil, "WithTargetAccuracy", untested},
		{c.patience != nil, "WithEarlyStop", untested},
		{c.best, "WithBestWeights", untested},
		{c.testEvery != everyEpoch, "WithTestEvery", untested},
	} {
		if o.given {
			errs = append(errs, fmt.Errorf("%w: CrossValidate does not take %s: %s", ErrOption, o.name, o.why))
		}
	}
	return errs
}

// withoutTests undoes the options that refused has a word about, but for the data set: those about checkpoints, and about tests
// while a run trains.
func withoutTests() Option {
	return trainOption(func(c *config) {
		c.checkpoints, c.resume, c.target, c.patience, c.best, c.testEvery = false, false, nil, nil, false, everyEpoch
	})
}

// crossValidationOf is what the first folds of a set, or all, come to, after the warnings of the set.
func crossValidationOf(warnings []string, folds []data.Fold, parts []part) CrossValidation {
	v := CrossValidation{Parts: len(folds), Warnings: append(warnings, warningsByPart(parts, len(folds))...)}
	for i, p := range parts {
		v.Evaluations = append(v.Evaluations, p.evaluation)
		v.Pooled = v.Pooled.with(p.evaluation, folds[i].Indices)
		v.Mean += p.evaluation.Accuracy / float64(len(parts))
	}
	for _, e := range v.Evaluations {
		v.Deviation += share((e.Accuracy-v.Mean)*(e.Accuracy-v.Mean), len(parts)-1)
	}
	v.Deviation = math.Sqrt(v.Deviation)
	return v
}

// scarce warns of classes that have images, but fewer than there are parts; not where each part is one image.
func scarce(set *data.Dataset, parts int) []string {
	classes := set.Classes()
	var names []string
	for class, n := range set.ClassCounts() {
		if 0 < n && n < parts && parts < set.Len() {
			names = append(names, fmt.Sprintf("%q (%d)", classes[class], n))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("some classes have fewer images than there are parts, %d, so that not all parts test them: %s",
		parts, strings.Join(shorten(names, mostNames), ", "))}
}

// warningsByPart are those of the runs of the first parts, each once, with the numbers of the parts unless it is of all.
func warningsByPart(parts []part, of int) []string {
	var all []string
	having := map[string][]string{} // the numbers of the parts
	for i, p := range parts {
		number := strconv.Itoa(i + 1)
		for _, w := range p.warnings {
			if having[w] == nil {
				all = append(all, w)
			}
			if !slices.Contains(having[w], number) {
				having[w] = append(having[w], number)
			}
		}
	}
	for i, w := range all {
		switch numbers := having[w]; len(numbers) {
		case of:
		case 1:
			all[i] = fmt.Sprintf("part %s of %d: %s", numbers[0], of, w)
		default:
			all[i] = fmt.Sprintf("parts %s of %d: %s", strings.Join(shorten(numbers, mostNames), ", "), of, w)
		}
	}
	return all
}

// validate trains by the options, and tests with what was held out of their set.
func validate(ctx context.Context, test *data.Dataset, opts []Option) (p part, err error) {
	result, err := Train(ctx, opts...)
	if result != nil {
		defer func() { err = errors.Join(err, result.Model.Close()) }()
	}
	if err != nil {
		return p, err
	}
	p.warnings = result.Warnings
	p.evaluation, err = result.Model.Evaluate(ctx, test)
	return p, err
}
