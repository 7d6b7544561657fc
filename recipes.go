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

// RecipeByName finds a named recipe. The error wraps [ErrOption] and lists the names.
func RecipeByName(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, fmt.Errorf("%w: recipe %q is unknown, want one of: %s", ErrOption, name, strings.Join(names, ", "))
}
