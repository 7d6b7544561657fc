package layers

import (
	"maps"
	"slices"
)

// Types is a zero value of each type of layer.
func Types() []Layer { return slices.Collect(maps.Values(types)) }
