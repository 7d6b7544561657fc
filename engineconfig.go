package fastresnet

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
)

// engineConfig is the run on a device as engines know it.
func (c *config) engineConfig(d *engine.Device, p Precision) engine.Config {
	r := c.recipe
	steps := c.stepsPerDispatch
	if steps == 0 && d.GPU {
		steps = stepsOnGPU
	}
	cfg := engine.Config{
		StepsPerDispatch: steps, LossEvery: c.lossEvery,
		Network:        *c.network,
		Normalization:  c.normalization(),
		Augmentations:  r.Augmentations,
		Mixing:         r.Mixing,
		Loading:        r.Loading,
		Optimizer:      onEngine(r.Optimizer),
		Groups:         r.engineGroups(),
		LabelSmoothing: r.LabelSmoothing,
		ClassWeights:   r.classWeights(),
		Views:          r.TestViews.engineViews(),
		Batch:          r.ImagesPerStep(),
		KeepIncomplete: r.KeepIncompleteBatch,
		BFloat16:       p == BFloat16,
		Seed:           c.seed,
		Initial:        c.values,
		Frozen:         c.frozen,
		RateFactors:    r.rateFactors(*c.network),
	}
	if r.Selection != nil {
		cfg.Selected = c.train.Len() / r.BatchSize * cfg.Batch
	}
	cfg.Average = r.engineAverage(cfg.Steps(cfg.EpochImages(c.train.Len())))
	return cfg
}

// stepsOnGPU is how many steps a GPU takes at once: enough that waiting for it weighs little, and a short loop.
const stepsOnGPU = 4

// normalization is the training set's, or that which the initial model knows.
func (c *config) normalization() data.Normalization {
	if c.initial != nil {
		return c.initial.normalization
	}
	return c.train.Normalization()
}

// engineAverage is the moving average as engines know it, given the number of steps in a whole epoch.
func (r Recipe) engineAverage(whole int) engine.Average {
	return engine.Average{
		Every: r.Averaging.Every, Keep: math.Pow(r.Averaging.Decay, float64(r.Averaging.Every)),
		Power: r.Averaging.Power, Steps: r.steps(whole), Lookahead: r.Averaging.Lookahead,
	}
}

// classWeights are those that engines know, nil for none.
func (r Recipe) classWeights() []float32 {
	var weights []float32
	for _, w := range r.ClassWeights {
		weights = append(weights, float32(w))
	}
	return weights
}

// engineGroups are the groups as engines know them.
func (r Recipe) engineGroups() []engine.Group {
	var groups []engine.Group
	for _, g := range r.Groups {
		groups = append(groups, engine.Group{Kind: g.Variables, Optimizer: onEngine(g.Optimizer)})
	}
	return groups
}

// engineViews are the views as engines know them.
func (v TestViews) engineViews() []engine.View {
	switch v {
	case FlipViews:
		return []engine.View{{Weight: 0.5}, {Weight: 0.5, Flip: true}}
	case FlipTranslateViews:
		return translated(1./4, 1./8)
	case SixViews:
		return translated(1./6, 1./6)
	}
	return nil
}

// show reports images that are too small for the views, which move them by less than their size.
func (v TestViews) show(images data.Shape) error {
	for _, view := range v.engineViews() {
		if max(view.Down, -view.Down) >= images.Height || max(view.Right, -view.Right) >= images.Width {
			return fmt.Errorf("test views %q of images of %v: they move an image by a pixel, need 2x2 at least", v, images)
		}
	}
	return nil
}

// translated are an image and its mirror image of one weight each, and moved both ways of another.
func translated(still, moved float32) []engine.View {
	return []engine.View{
		{Weight: still}, {Weight: still, Flip: true},
		{Weight: moved, Down: -1, Right: -1}, {Weight: moved, Down: -1, Right: -1, Flip: true},
		{Weight: moved, Down: 1, Right: 1}, {Weight: moved, Down: 1, Right: 1, Flip: true},
	}
}

// onEngine is an optimizer as engines know it.
func onEngine(o Optimizer) engine.Optimizer {
	switch o := o.(type) {
	case SGD:
		return engine.SGD{Momentum: o.Momentum, WeightDecay: o.WeightDecay}
	case Muon:
		if o.Polynomial == ([3]float64{}) {
			o.Polynomial = [3]float64{3.4445, -4.7750, 2.0315}
		}
		return engine.Muon{Momentum: o.Momentum, WeightDecay: o.WeightDecay, Polynomial: o.Polynomial}
	case Nesterov:
		return engine.Nesterov{Momentum: o.Momentum, WeightDecay: o.WeightDecay}
	}
	panic(fmt.Sprintf("an optimizer that is a %T", o)) // has been checked
}
