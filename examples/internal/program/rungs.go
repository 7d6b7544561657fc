package program

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// PublishedWidth is the width of most recipes' networks; those of backbone-wide, which is rung 15, and of airbench96 and its
// successor are twice as wide.
const PublishedWidth = 64

// WidthUsage describes the flag -width of a program that trains recipes of different widths: see [RungAt].
const WidthUsage = "channels `n` where the series has 64; recipes of 128 get twice as many"

// ParseRungs reads the list of numbers, ranges and names that a flag gives, of these recipes, counted from 1.
// They come in ascending order, each once; the error names everything in the list that is wrong.
func ParseRungs(flag, list string, recipes []fastresnet.Recipe) ([]int, error) {
	var rungs []int
	var problems []error
	for item := range strings.SplitSeq(list, ",") {
		first, last, err := parseItem(strings.TrimSpace(item), recipes)
		if err != nil {
			problems = append(problems, fmt.Errorf("-%s %s: %w", flag, item, err))
			continue
		}
		for rung := first; rung <= last; rung++ {
			rungs = append(rungs, rung)
		}
	}
	slices.Sort(rungs)
	return slices.Compact(rungs), errors.Join(problems...)
}

// parseItem reads a number, a range or a name.
func parseItem(item string, recipes []fastresnet.Recipe) (first, last int, err error) {
	named := slices.IndexFunc(recipes, func(r fastresnet.Recipe) bool { return r.Name == item })
	if named >= 0 { // before ranges: names have hyphens too
		return named + 1, named + 1, nil
	}
	from, to, isRange := strings.Cut(item, "-")
	if !isRange {
		to = from
	}
	first, errFirst := strconv.Atoi(from)
	last, errLast := strconv.Atoi(to)
	switch {
	case errFirst != nil || errLast != nil:
		return 0, 0, errors.New("need numbers, ranges such as 9-14, or names as in: cifar10 -list")
	case first < 1 || last > len(recipes):
		return 0, 0, fmt.Errorf("need 1 to %d", len(recipes))
	case first > last:
		return 0, 0, errors.New("the range runs backwards")
	}
	return first, last, nil
}

// RungAt is the recipe of a rung, or of a speedrun by its number after the rungs, with width channels where the series has 64. Its
// double width stays double.
func RungAt(rung, width int) fastresnet.Recipe {
	r := fastresnet.Recipes()[rung-1]
	return r.OfWidth(r.Design.Width * width / PublishedWidth)
}

// Fit finds, before hours of training, that rungs cannot be trained on a number of images in batches of a size, 0
// for each recipe's own. Of rungs with the same problem it names the first.
func Fit(rungs []int, batch, images int) error {
	var problems []error
	seen := map[string]bool{}
	for _, rung := range rungs {
		r := fastresnet.Recipes()[rung-1]
		r.BatchSize = cmp.Or(batch, r.BatchSize)
		if problem := Misfit(r, images); problem != nil && !seen[problem.Error()] {
			problems = append(problems, fmt.Errorf("rung %d: %w", rung, problem))
			seen[problem.Error()] = true
		}
	}
	return errors.Join(problems...)
}

// Misfit is what keeps a recipe from being trained on a number of images, if anything does.
func Misfit(r fastresnet.Recipe, images int) error {
	if r.BatchSize > images {
		return fmt.Errorf("batch %d is larger than the training set of %s images", r.BatchSize, digits.Count(images))
	}
	if groups := max(1, r.Design.Norm.Groups); r.BatchSize%groups != 0 {
		return fmt.Errorf("batch %d, need a multiple of its norm's %d groups", r.BatchSize, groups)
	}
	return nil
}
