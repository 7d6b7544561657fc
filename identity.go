package fastresnet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/pathname"
)

// identity is what makes a run the one that it is, as values by name: what the weights depend on, apart from how
// the backend rounds.
type identity map[string]string

// identity identifies the run that c describes.
func (c *config) identity() (identity, error) {
	id := identity{
		"seed":              fmt.Sprint(c.seed),
		"training set":      c.train.Fingerprint(),
		"test set":          c.test.Fingerprint(),
		"choice of weights": "the last epoch's",
	}
	if c.initial != nil {
		id["initial model"] = c.initial.start.Fingerprint
	}
	if c.best {
		id["choice of weights"] = "the best epoch's (WithBestWeights)"
	}
	recipe := c.recipe.Clone()
	recipe.Name, recipe.Description, recipe.Published, recipe.Network = "", "", Published{}, nil // the network is entered as it is
	for i, a := range recipe.Augmentations {                                                     // those of a user's own cannot be written as JSON
		id[fmt.Sprintf("augmentation %d", i)] = describe(a)
	}
	recipe.Augmentations = nil
	for name, value := range map[string]any{"recipe": recipe, "network": *c.network} {
		if err := id.enter(name, value); err != nil {
			return nil, err
		}
	}
	return id, nil
}

// enter adds a value as JSON has it.
func (id identity) enter(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var read any
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	id.add(name, read)
	return nil
}

// describe is an augmentation in words; one without any is known by its type alone.
func describe(a data.Augmentation) string {
	if s, ok := a.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", a)
}

// ownAugmentations describes those that cannot be written.
func (r Recipe) ownAugmentations() []string {
	var own []string
	for _, a := range r.Augmentations {
		if data.KindOf(a) == "" {
			own = append(own, describe(a))
		}
	}
	return own
}

// add enters a value that was read from JSON, with all that is in it.
func (id identity) add(name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			id.add(name+"."+key, v)
		}
	case []any:
		for i, v := range value {
			id.add(fmt.Sprintf("%s[%d]", name, i), v)
		}
	default:
		id[name] = fmt.Sprint(value)
	}
}

// differences are the names of what another run has that this one has not, or has otherwise, what matters most first.
func (id identity) differences(other identity) []string {
	all := identity{}
	maps.Copy(all, id) // which may be nil
	maps.Copy(all, other)
	maps.DeleteFunc(all, func(name, _ string) bool {
		before, had := id[name]
		after, has := other[name]
		return had == has && before == after
	})
	return slices.SortedFunc(maps.Keys(all), byImportance)
}

// describe says how runs differ, by names. format is for a name, what this one has and what the other has: either may have come
// from a file, and steers no terminal.
func (id identity) describe(differences []string, other identity, format string) string {
	var all []string
	for _, name := range differences {
		before, had := id[name]
		after, has := other[name]
		all = append(all, fmt.Sprintf(format, pathname.Printable(name), orMissing(short(before, after), had), orMissing(short(after, before), has)))
	}
	return strings.Join(shorten(all, mostDifferences), "; ")
}

// setFingerprint is what [data.Dataset.Fingerprint] returns, with the classes in the second of its parts.
var setFingerprint = regexp.MustCompile(`^(\d+ images of [0-9x]+) in (\d+ classes|\[.*\]) (\(sha256 [0-9a-f]+\))$`)

// short is a value in a message that has another one beside it: a data set without its classes, unless the other has others.
func short(value, other string) string {
	set, others := setFingerprint.FindStringSubmatch(value), setFingerprint.FindStringSubmatch(other)
	switch {
	case set == nil:
		return value
	case others == nil || set[2] == others[2]:
		return set[1] + " " + set[3]
	}
	return set[1] + " in " + classesBeside(set[2], others[2]) + " " + set[3]
}

// classesBeside is a list of classes beside another one: how many they are, and the first that is not in its place there.
func classesBeside(list, other string) string {
	names, others := quoted(list), quoted(other)
	if len(names) == 0 {
		return list // of many, which is their number
	}
	count := fmt.Sprintf("%d classes", len(names))
	for i, name := range names {
		if i >= len(others) || name != others[i] {
			return fmt.Sprintf("%s with %s as number %d", count, name, i)
		}
	}
	return count
}

// quoted are the names in a list as in ["a" "b"], still quoted.
func quoted(list string) (names []string) {
	for rest := strings.TrimPrefix(list, "["); ; {
		name, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return names
		}
		names, rest = append(names, name), strings.TrimPrefix(rest[len(name):], " ")
	}
}

// byImportance compares names: the data and the seed come first, the network last, which follows from the recipe mostly, and
// elements of lists behind what is in none.
func byImportance(a, b string) int {
	rank := func(name string) int {
		switch {
		case strings.HasSuffix(name, " set"):
			return 0
		case name == "seed":
			return 1
		}
		n := 2
		if strings.HasPrefix(name, "network") {
			n += 2
		}
		if strings.Contains(name, "[") {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

// orMissing is a value in a message.
func orMissing(value string, there bool) string {
	if there {
		return pathname.Printable(value)
	}
	return "missing"
}

// mostDifferences is how many a message has.
const mostDifferences = 8

// remedy is what to do about a checkpoint that differs so from the run. Points of the schedule follow from the number of epochs.
func remedy(differences []string) string {
	other := func(name string) bool { return name != "recipe.epochs" && !strings.HasPrefix(name, "recipe.schedule[") }
	if differences[0] == "recipe.epochs" && !slices.ContainsFunc(differences, other) {
		return "a run cannot be made longer or shorter: resume it as it was, or use another folder, " +
			"in which a program can train its model on (WithInitialModel)"
	}
	return "resume with the options that it had, or use another folder"
}
