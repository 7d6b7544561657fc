package fastresnet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/layers"
)

// Body stands, in [Recipe.Frozen] and [WithFrozen], for all parts of a network but its classifier.
const Body = "body"

// frozenLayers are the layers of the network that the recipe freezes, by name.
func (r Recipe) frozenLayers(n layers.Network) (map[string]bool, error) {
	frozen, trained := map[string]bool{}, false
	used := map[string]bool{}
	for _, name := range n.LayerNames() {
		for _, part := range r.Frozen {
			if name == part || strings.HasPrefix(name, part+"/") || part == Body && name != n.ClassifierName() {
				frozen[name], used[part] = true, true
			}
		}
		trained = trained || !frozen[name]
	}
	for _, part := range r.Frozen {
		if !used[part] {
			return nil, fmt.Errorf("frozen %q is no part of the network: want some of %q, layers in them, or %q", part, n.Parts(), Body)
		}
	}
	if !trained {
		return nil, errors.New("all layers are frozen, which leaves nothing to train")
	}
	return frozen, nil
}

// rateFactors are by what the learning rates of the network's layers are multiplied, by name.
func (r Recipe) rateFactors(n layers.Network) map[string]float64 {
	if r.LayerDecay == 0 || r.LayerDecay == 1 {
		return nil
	}
	byPart, factor := map[string]float64{}, 1.0
	for _, part := range slices.Backward(n.Parts()) {
		byPart[part] = factor
		factor *= r.LayerDecay
	}
	factors := map[string]float64{}
	for _, name := range n.LayerNames() {
		factors[name] = byPart[layers.PartOf(name)]
	}
	return factors
}
