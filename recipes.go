package fastresnet

import (
	"fmt"
	"strings"
)

// ResNet9Epochs24 reaches 94 % on CIFAR-10, in 79 s on one V100 in its source: rung 18 of the series. It is what
// [Train] runs on CIFAR-10 by default.
func ResNet9Epochs24() Recipe {
	r, err := RecipeByName("resnet9-24")
	if err != nil {
		panic(err) // the ladder has it
	}
	return r
}

// Recipes lists all named recipes: the rungs of [Ladder], and then the speedruns "airbench94-muon", "airbench94-2025",
// "airbench96" and "airbench96-faster". The list and all that is in it are the caller's.
func Recipes() []Recipe {
	return append(Ladder(), Airbench94Muon(), airbench94In2025(), airbench96(), airbench96Faster())
}

// RecipeByName finds a named recipe. The error wraps [ErrOption], and lists the names, similar ones first.
func RecipeByName(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	hint := ""
	if near := similar(name, names); len(near) > 0 {
		hint = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return Recipe{}, fmt.Errorf("%w: recipe %q is unknown%s, want one of: %s", ErrOption, name, hint, strings.Join(names, ", "))
}

// similar are the names that somebody may have meant who wrote another: those that begin with it and a hyphen, such as the
// recipes of a design, or else those that begin with it, if it has some bytes, or else those that it is the fewest edits from,
// two at most.
func similar(to string, names []string) []string {
	to = strings.ToLower(to)
	const enough = 3 // bytes, to be the beginning of a name
	var hyphenated, longer, near []string
	least := min(2, len(to)/2)
	for _, name := range names {
		if strings.HasPrefix(name, to+"-") {
			hyphenated = append(hyphenated, name)
		}
		if len(to) >= enough && strings.HasPrefix(name, to) {
			longer = append(longer, name)
		}
		switch n := edits(to, name); {
		case n < least:
			near, least = []string{name}, n
		case n == least:
			near = append(near, name)
		}
	}
	switch {
	case hyphenated != nil:
		return hyphenated
	case longer != nil:
		return longer
	}
	return near
}

// edits is Levenshtein's distance: how many bytes must be added, left out or replaced to make one text of another.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // by j, the edits from the first bytes of a, none to begin with, to the first j of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal, row[j+1] = row[j+1], min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
