package fastresnet

import (
	"fmt"
	"strings"

	"github.com/fastresnet/fastresnet/data"
)

// warnings are what is allowed, and probably not meant.
func (c *config) warnings() []string {
	all := lacking("training", c.train, c.trainLimit, "WithTrainLimit")
	if c.test != nil {
		all = append(all, lacking("test", c.test, c.testLimit, "WithTestLimit")...)
	}
	return all
}

// lacking warns of a set that does not have images of all its classes, or has one class only; an option may have cut it
// off at a limit.
func lacking(name string, set *data.Dataset, limit int, option string) []string {
	var there, missing []string
	for class, n := range set.ClassCounts() {
		text := fmt.Sprintf("%q", set.Classes()[class])
		if n > 0 {
			there = append(there, text)
		} else {
			missing = append(missing, text)
		}
	}
	var warning string
	switch {
	case len(there) == 1:
		warning = fmt.Sprintf("all %d images of the %s set are of one class, %s", set.Len(), name, there[0])
	case len(missing) > 0:
		warning = fmt.Sprintf("the %s set has no images of %d of its %d classes: %s", name, len(missing), len(there)+len(missing), few(missing))
	default:
		return nil
	}
	if set.Len() == limit && len(missing) > 0 {
		warning += fmt.Sprintf("; %s takes the first images: mix the set before, as with Dataset.Subset and rand.Perm", option)
	}
	return []string{warning}
}

// few leaves out what is more than a few names.
func few(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
