package fastresnet

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// loadData finds the data set if none was given.
func (c *config) loadData() error {
	if c.train != nil {
		return nil
	}
	if err := c.loadCIFAR10(); err != nil {
		return err
	}
	return errors.Join(c.settle()...)
}

func (c *config) loadCIFAR10() (err error) {
	if c.train, c.test, err = data.CIFAR10(""); err != nil {
		return fmt.Errorf("loading CIFAR-10, since no WithDataset gives a set of your own: %w", err)
	}
	return nil
}

// settle settles what depends on the data set, such as the network and what it starts with, and reports what does not fit it.
func (c *config) settle() (p problems) {
	n, shape, classes := c.train.Len(), c.train.Shape(), c.train.Classes()
	p.want(c.recipe.BatchSize <= n, "batch size %d is larger than the training set of %d images: WithBatchSize takes 1 to %d", c.recipe.BatchSize, n, n)
	if t := c.test; t != nil {
		p.want(t.Shape() == shape && slices.Equal(t.Classes(), classes), "the test set has %v images in the classes %q, the training set %v in %q", t.Shape(), t.Classes(), shape, classes)
		p.want(t.Resizing() == c.train.Resizing(), "the test set's pictures were resized by %q, the training set's by %q", t.Resizing(), c.train.Resizing())
	}
	if w := len(c.recipe.ClassWeights); w > 0 {
		p.want(w == len(classes), "%d class weights for %d classes", w, len(classes))
	}
	p.want(c.test != nil || !c.needsTest(), "WithTargetAccuracy, WithEarlyStop and WithBestWeights need a test set")
	p.add(c.recipe.TestViews.show(shape))
	for i, a := range c.recipe.Augmentations {
		if a != nil { // else a problem of the recipe
			p.add(validateAugmentation(i, a, shape))
		}
	}
	m := c.recipe.Mixing
	p.want(m.Kind != data.CutMix || min(shape.Height, shape.Width) > 2, "%w: %v: it leaves images of %v as they are: need 3x3 at least",
		data.ErrAugmentation, m, shape)
	if err := errors.Join(c.settleNetwork(shape, len(classes)), c.settleSelector(shape, len(classes))); err != nil {
		p.add(err)
		return p
	}
	for _, err := range []error{c.freeze(), c.normsFit(n), c.startFrom(classes)} {
		p.add(err)
	}
	return p
}

// validateAugmentation is what augmentation number i of a run says of images of a shape.
func validateAugmentation(i int, a data.Augmentation, shape data.Shape) error {
	defer engine.NamePanic(i, a)
	return a.Validate(shape)
}

// needsTest says whether an option looks at a test set while the run trains.
func (c *config) needsTest() bool { return c.target != nil || c.patience != nil || c.best }

// tests says whether the run is tested after an epoch.
func (c *config) tests(epoch int) bool {
	return c.test != nil && (epoch%c.testEvery == 0 || epoch == c.recipe.Epochs)
}

// settleNetwork makes the network for the images.
func (c *config) settleNetwork(shape data.Shape, classes int) error {
	if c.recipe.architectureProblem() != nil {
		return nil // a problem of the recipe
	}
	network, err := c.recipe.architecture().Build(shape, classes)
	if err != nil {
		return err
	}
	c.network = &network
	if err := storable(network); err != nil {
		return err
	}
	if n := c.network.Parameters(); n > maxParameters {
		return fmt.Errorf("the network has %d parameters, need no more than %d", n, maxParameters)
	}
	return nil
}

// freeze settles which of the network's layers are frozen.
func (c *config) freeze() (err error) {
	if c.network != nil {
		c.frozen, err = c.recipe.frozenLayers(*c.network)
	}
	return err
}

// startFrom has the run's network start with the values of the initial model, if there is one. The error names what
// does not fit.
func (c *config) startFrom(classes []string) error {
	if c.initial == nil || c.network == nil {
		return nil
	}
	variables, err := c.network.Variables()
	if err != nil {
		return err
	}
	theirs, err := c.initial.network.Variables()
	if err != nil {
		return err
	}
	dims := map[string][]int{}
	for _, v := range theirs {
		dims[v.Name] = v.Dims
	}
	start := c.initial.start
	c.values = map[string][]float32{}
	var misfits []string
	for _, v := range variables {
		had, has := dims[v.Name]
		delete(dims, v.Name)
		switch {
		case v.Layer() == c.network.ClassifierName() && !slices.Equal(classes, c.initial.classes):
			start.Anew = append(start.Anew, v.Name)
		case !has:
			misfits = append(misfits, fmt.Sprintf("the model has no %s", v.Name))
		case !slices.Equal(had, v.Dims):
			misfits = append(misfits, fmt.Sprintf("%s is %v in the model, %v in the network", v.Name, had, v.Dims))
		default:
			start.Taken = append(start.Taken, v.Name)
			c.values[v.Name] = c.initial.values[v.Name]
		}
	}
	for _, v := range theirs {
		if _, left := dims[v.Name]; left {
			misfits = append(misfits, fmt.Sprintf("the network has no %s", v.Name))
		}
	}
	if len(misfits) > 0 {
		return fmt.Errorf("the initial model, %q, does not fit the network, %q: %s", c.initial.network.Name, c.network.Name, c.unlike(misfits))
	}
	c.warmStart = &start
	return nil
}

// unlike says how the initial model's network differs from the run's, given the variables that do, and what to do.
func (c *config) unlike(variables []string) string {
	listed := strings.Join(shorten(variables, mostDifferences), "; ")
	own, theirs := c.recipe.Design, c.initial.recipe.Design
	if reflect.DeepEqual(own, theirs) {
		return listed // by the images, or networks of the user's own
	}
	width, wanted := own.Width, theirs.Width
	if own.Width = wanted; reflect.DeepEqual(own, theirs) {
		return fmt.Sprintf("its width is %d, the run's %d: WithWidth(%d) is the model's", wanted, width, wanted)
	}
	return listed + ": WithArchitecture, WithWidth and WithRecipe choose networks that may be others than the model's"
}

// normsFit checks the batch norms, of the user's own network too, against the batches of n images.
func (c *config) normsFit(n int) error {
	if c.network == nil || c.recipe.BatchSize < 1 || c.recipe.Epochs < 1 {
		return nil // a problem of the recipe, or no batches
	}
	rest := 0
	if c.recipe.KeepIncompleteBatch {
		rest = n % c.recipe.BatchSize
	}
	err := c.normsFitBatches(*c.network, c.frozen, c.recipe.ImagesPerStep(), rest)
	if err == nil && c.selector != nil {
		if err = c.normsFitBatches(*c.selector, nil, c.recipe.BatchSize, 0); err != nil {
			err = fmt.Errorf("selection: %w", err)
		}
	}
	return err
}

// normsFitBatches checks the batch norms of a network, apart from frozen ones, against batches and an incomplete one, 0 for
// none: the groups of a ghost norm must divide the batch, and each must have more than one value of a channel, as one alone
// normalises to 0.
func (c *config) normsFitBatches(network layers.Network, frozen map[string]bool, batch, rest int) error {
	steps, err := network.Plan()
	if err != nil {
		return err
	}
	for _, s := range steps {
		norm, ok := s.Layer.(layers.BatchNorm)
		if !ok || frozen[norm.Name] {
			continue // a frozen one looks at no batch
		}
		groups, pixels := max(1, norm.Groups), s.In.Height*s.In.Width
		switch {
		case batch%groups != 0:
			return fmt.Errorf("batch size %d, need a multiple of the norm's %d groups", batch, groups)
		case groups > 1 && c.recipe.KeepIncompleteBatch:
			return fmt.Errorf("incomplete batches, which the norm's %d groups may not divide", groups)
		case batch/groups*pixels == 1:
			return fmt.Errorf("batch size %d: the batch norm %q then sees a single value of each channel, as its images are 1x1: WithBatchSize must be %d at least", batch, norm.Name, 2*groups)
		case rest*pixels == 1:
			return fmt.Errorf("an incomplete batch of 1 image, of which the batch norm %q sees a single value of each channel, as its images are 1x1: take another WithBatchSize, or WithIncompleteBatches(false)", norm.Name)
		}
	}
	return nil
}
