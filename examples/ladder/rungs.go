package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/terminal"
)

// parseRungs reads a list of numbers, ranges and names. The rungs come in ascending order, each once; the
// error names everything in the list that is wrong.
func parseRungs(list string) ([]int, error) {
	recipes := fastresnet.Recipes()
	var rungs []int
	var problems []error
	for item := range strings.SplitSeq(list, ",") {
		first, last, err := parseItem(strings.TrimSpace(item), recipes)
		if err != nil {
			problems = append(problems, fmt.Errorf("-rungs %s: %w", item, err))
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
		return 0, 0, fmt.Errorf("the ladder has rungs 1 to %d", len(recipes))
	case first > last:
		return 0, 0, errors.New("the range runs backwards")
	}
	return first, last, nil
}

// recipe is that of a rung at the settings' width. The series' double width stays double.
func (s *settings) recipe(rung int) fastresnet.Recipe {
	r := fastresnet.Recipes()[rung-1]
	r.Network.Width = r.Network.Width * s.width / publishedWidth
	return r
}

// fits finds, before hours of training, that rungs cannot be trained on so many images in batches of their
// size. Of rungs with the same problem it names the first.
func (s *settings) fits(images int) error {
	var problems []error
	seen := map[string]bool{}
	for _, rung := range s.rungs {
		r := s.recipe(rung)
		batch, groups, problem := cmp.Or(s.batch, r.BatchSize), max(1, r.Network.Norm.Groups), ""
		if n := program.Limited(images, s.trainLimit); batch > n {
			problem = fmt.Sprintf("batch %d is larger than the training set of %s images", batch, terminal.Count(n))
		} else if batch%groups != 0 {
			problem = fmt.Sprintf("batch %d, need a multiple of its norm's %d groups", batch, groups)
		}
		if problem != "" && !seen[problem] {
			problems = append(problems, fmt.Errorf("rung %d: %s", rung, problem))
			seen[problem] = true
		}
	}
	return errors.Join(problems...)
}
