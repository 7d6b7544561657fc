package fastresnet

import (
	"errors"
	"math"
	"slices"
)

// problems says what is wrong with the options that count for a model that is loaded, too.
func (c *computing) problems() (p problems) {
	p.add(c.precision.check())
	p.want(c.memory >= 0, "a memory limit of %d bytes, need 0 (the default) or more", c.memory)
	return p
}

// applied are the options, and else the defaults.
func applied(opts []Option) *config {
	c := &config{recipe: ResNet9Epochs24(), computing: defaultComputing(), devices: 1, seed: 1, testEvery: everyEpoch}
	for _, o := range opts {
		if o != nil {
			o.train(c)
		}
	}
	return c
}

// configure applies the options to the defaults, and reports every problem that can be seen without reading a data set. It
// reads CIFAR-10 where the recipe is to be made for that.
func configure(opts []Option) (*config, error) {
	c := applied(opts)
	switch {
	case c.chosen:
	case c.initial != nil:
		if !c.ownData {
			if err := c.loadCIFAR10(); err != nil {
				return nil, err
			}
		}
		c.recipe = fineTuning(c.initial.recipe, c.initial.network, c.train)
	case ownRecipe(c.train):
		c.recipe = RecipeFor(c.train)
	}
	base := c.recipe
	for _, f := range c.changes {
		f(&c.recipe)
	}
	if c.width != nil {
		c.recipe = c.recipe.OfWidth(*c.width)
	}
	c.adapt(base)
	p := append(c.recipe.problems(), c.problems()...)
	if c.train.Len() > 0 {
		p = append(p, c.settle()...)
	}
	return c, errors.Join(p...)
}

// adapt makes the schedules those of the run, given the recipe before it was changed.
func (c *config) adapt(base Recipe) {
	r := &c.recipe
	epochs, rates := factor(base.scheduled(), r.length()), factor(float64(base.BatchSize), float64(r.BatchSize))
	r.Schedule = r.Schedule.Stretch(epochs).Scale(rates)
	r.Groups = stretch(r.Groups, epochs, rates)
	if c.schedule != nil {
		r.Schedule = *c.schedule
	}
	if peak := r.Schedule.Peak(); c.peak != nil && *c.peak > 0 && *c.peak <= math.MaxFloat32 && peak > 0 {
		r.Schedule = r.Schedule.Scale(*c.peak / peak)
		r.Groups = stretch(r.Groups, 1, *c.peak/peak)
	}
}

func (c *config) problems() (p problems) {
	p.want(!c.ownData || c.train.Len() > 0, "the training set is nil or empty")
	p.add(c.unusable)
	p.add(c.initialError)
	p.want(c.recipe.Epochs != 0 || c.initial != nil || c.initialError != nil, "0 epochs, need at least 1")
	p.want(c.devices >= 1, "%d devices, need at least 1", c.devices)
	if b := c.recipe.BatchSize; c.devices > 1 {
		p.want(b%c.devices == 0, "batch size %d, need a multiple of the %d devices", b, c.devices)
		part := c.recipe.ImagesPerStep()
		p.want(part%c.devices == 0, "%d selected images of a batch, need a multiple of the %d devices", part, c.devices)
	}
	p.want(c.lossEvery >= 0, "a loss every %d steps, need 0 (the default) or more", c.lossEvery)
	p.want(c.stepsPerDispatch >= 0, "%d steps per dispatch, need 0 (the default) or more", c.stepsPerDispatch)
	p = append(p, c.computing.problems()...)
	if c.peak != nil {
		positive := *c.peak > 0 && *c.peak <= math.MaxFloat32
		p.want(positive, "peak learning rate %g, need a positive float32", *c.peak)
		p.want(!positive || c.recipe.Schedule.Peak() > 0, "a peak learning rate for a schedule that is 0 throughout")
	}
	p.want(!c.checkpoints || c.checkpointFolder != "", "no folder for the checkpoints")
	p.want(!c.checkpoints || c.checkpointEvery >= 1, "a checkpoint every %d epochs, need at least 1", c.checkpointEvery)
	p.want(!c.resume || c.checkpoints, "WithResume without WithCheckpoint, which names the folder")
	p.want(!slices.ContainsFunc(c.observers, Observer.empty), "an observer without any function")
	p.want(c.testEvery >= 1, "a test every %d epochs, need at least 1", c.testEvery)
	if c.target != nil {
		p.want(*c.target > 0 && *c.target <= 1, "target accuracy %g, need above 0, and 1 at most", *c.target)
	}
	if c.patience != nil {
		p.want(*c.patience >= 1, "an early stop after %d epochs, need at least 1", *c.patience)
	}
	return p
}

// configureLoading applies the options of Load and ReadModel.
func configureLoading(opts []LoadOption) (*computing, error) {
	c := defaultComputing()
	for _, o := range opts {
		if o != nil {
			o.load(&c)
		}
	}
	return &c, errors.Join(c.problems()...)
}
