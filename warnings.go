package fastresnet

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// warnings are what is allowed, and probably not meant, given the number of steps in a whole epoch.
func (c *config) warnings(steps int) []string {
	all := lacking("training", c.train)
	if !c.part {
		all = append(all, c.recipe.rare(c.train)...)
	}
	const large, usual = 128, 32
	if s := c.train.Shape(); min(s.Height, s.Width) > large {
		all = append(all, fmt.Sprintf("images of %v take %d times as long as those of %dx%d, and the networks of this library are made for small ones: 64x64 is mostly enough",
			s, s.Height*s.Width/usual/usual, usual, usual))
	}
	if i := c.initial; i != nil && i.resizing != c.train.Resizing() {
		all = append(all, fmt.Sprintf("the training set's pictures were resized by %q, those of the initial model by %q", c.train.Resizing(), i.resizing))
	}
	if s, i := c.train.Shape(), c.initial; i != nil && s != i.network.Input {
		all = append(all, fmt.Sprintf("the training set's images are %dx%d, those of the initial model %dx%d",
			s.Height, s.Width, i.network.Input.Height, i.network.Input.Width))
	}
	if random := c.frozenAtRandom(); len(random) > 0 {
		all = append(all, fmt.Sprintf("frozen layers stay as random as they start, since they have nothing of an initial model (WithInitialModel): %s",
			strings.Join(shorten(random, mostNames), ", ")))
	}
	if s := c.selector; s != nil && s.MultiplyAdds() >= c.network.MultiplyAdds() {
		all = append(all, "the selection's network takes as long for an image as the run's own, and saves nothing: its design has a width of its own")
	}
	if c.width != nil && c.recipe.Network != nil {
		all = append(all, "WithWidth changes nothing: the recipe has a network of its own, and no design")
	}
	if c.ownOptimizer && c.allInGroups() {
		all = append(all, "WithOptimizer changes nothing: the recipe's groups, which keep their own, have all variables")
	}
	if c.test != nil {
		all = append(all, lacking("test", c.test)...)
		// Sets that differ mostly do so at once: that is cheaper than to compare fingerprints.
		if slices.Equal(c.test.Labels(), c.train.Labels()) && bytes.Equal(c.test.Pixels(), c.train.Pixels()) {
			all = append(all, "the test set is the training set, and so a test says nothing about other images: Dataset.Split holds some out")
		}
	}
	const enough = 5
	byDefault := !c.chosen && c.initial == nil && !ownRecipe(c.train) && c.recipe.BatchSize == ResNet9Epochs24().BatchSize
	if byDefault && steps < enough {
		all = append(all, fmt.Sprintf("the recipe is that for all of CIFAR-10, whose batch of %d leaves %d images too few steps an epoch, %d: WithRecipe(RecipeFor(train)) has more, and so has a smaller WithBatchSize",
			c.recipe.BatchSize, c.train.Len(), steps))
	}
	return append(all, c.recipe.still(steps)...)
}

// frozenAtRandom are the frozen layers whose weights are neither of the initial model nor computed from the images.
func (c *config) frozenAtRandom() []string {
	variables, err := c.network.Variables()
	if err != nil {
		return nil // what is not a network has been refused
	}
	var names []string
	for _, v := range variables {
		_, taken := c.values[v.Name]
		if c.frozen[v.Layer()] && !taken && v.Trainable && !v.Bias && v.Spread > 0 {
			names = append(names, fmt.Sprintf("%q", v.Layer()))
		}
	}
	return names
}

// allInGroups says whether the recipe's groups have all variables that the run moves.
func (c *config) allInGroups() bool {
	variables, err := c.network.Variables()
	if err != nil {
		return false // what is not a network has been refused
	}
	moved := engine.Config{Frozen: c.frozen}.Trainable(variables)
	return len(moved) > 0 && !slices.ContainsFunc(moved, func(v layers.Variable) bool {
		return !slices.ContainsFunc(c.recipe.Groups, func(g VariableGroup) bool { return g.Variables == v.Kind() })
	})
}

// still warns of learning rates that are 0 in every step, or in half of the run, given the number of steps in a whole epoch.
func (r Recipe) still(steps int) []string {
	if r.Epochs == 0 {
		return nil
	}
	learns, end := false, 0. // the epoch from which on all rates are 0
	for _, s := range r.schedules() {
		r.Schedule = s
		learns = learns || r.rate(r.highest(r.steps(steps), steps), steps) > 0
		end = max(end, restsAt(s))
	}
	switch {
	case !learns:
		return []string{"the learning rate is 0 in every step, and so nothing is learnt"}
	case 2*end <= r.length():
		return []string{fmt.Sprintf("the learning rate is 0 from epoch %g of %g on, and so nothing more is learnt: Schedule.Stretch makes a schedule longer", end, r.length())}
	}
	return nil
}

// restsAt is the epoch from which on a schedule is 0, infinite if it is held above that.
func restsAt(s schedule.Schedule) float64 {
	end := math.Inf(1)
	for _, k := range slices.Backward(s) {
		if k.Rate > 0 {
			return end
		}
		end = k.Epoch
	}
	return 0
}

// lacking warns of a set that does not have images of all its classes, or has one class only, as when the first images
// of a sorted one were taken.
func lacking(name string, set *data.Dataset) []string {
	var there, missing []string
	classes := set.Classes()
	for class, n := range set.ClassCounts() {
		text := fmt.Sprintf("%q", classes[class])
		if n > 0 {
			there = append(there, text)
		} else {
			missing = append(missing, text)
		}
	}
	switch {
	case len(there) == 1:
		return []string{fmt.Sprintf("the %s set has images of one class only, %s", name, there[0])}
	case len(missing) > 0:
		return []string{fmt.Sprintf("the %s set has no images of %d of its %d classes: %s",
			name, len(missing), len(there)+len(missing), strings.Join(shorten(missing, mostNames), ", "))}
	}
	return nil
}

// rare warns of a training set's classes with fewer than 10 images and less than a tenth of those of the largest class, unless the classes are
// weighted. So it says nothing of small sets, nor of classes that are merely smaller than others.
func (r Recipe) rare(train *data.Dataset) []string {
	const few, times = 10, 10
	if len(r.ClassWeights) > 0 {
		return nil
	}
	classes, counts := train.Classes(), train.ClassCounts()
	largest := slices.Max(counts)
	var names []string
	for class, n := range counts {
		if n > 0 && n < few && n*times < largest {
			names = append(names, fmt.Sprintf("%q (%d)", classes[class], n))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the training set has very few images of some classes, where the largest has %d: %s. "+
		"More of them help the most, then WithClassWeights or Dataset.Balance", largest, strings.Join(shorten(names, mostNames), ", "))}
}

// mostNames is how many a warning has.
const mostNames = 5
