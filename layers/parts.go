package layers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
)

// Parts are the parts of the network, in order: the names of its layers up to the first slash, as in "prep", "layer1",
// "layer2", "layer3" and "classifier". Layers without variables are no part; one that has variables and no name is the
// part "". There are none if the network cannot be resolved.
func (n Network) Parts() []string {
	var parts []string
	for _, name := range n.LayerNames() {
		if part := PartOf(name); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// PartOf is the part that a layer or a variable belongs to, by its name.
func PartOf(name string) string {
	part, _, _ := strings.Cut(name, "/")
	return part
}

// LayerNames are the names of the layers that have variables, in order; none if the network cannot be resolved.
func (n Network) LayerNames() []string {
	variables, err := n.Variables()
	if err != nil {
		return nil
	}
	var names []string
	for _, v := range variables {
		if name := v.Layer(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Layer is the name of the layer that the variable belongs to.
func (v Variable) Layer() string { return v.Name[:max(0, strings.LastIndexByte(v.Name, '/'))] }

// Classifier is the index of the layer that tells the classes apart, the last [Linear] of the network's own layers; -1
// if there is none.
func (n Network) Classifier() int {
	for i, l := range slices.Backward(n.Layers) {
		if _, is := l.(Linear); is {
			return i
		}
	}
	return -1
}

// ClassifierName is the name of the layer that [Network.Classifier] finds; "" if there is none.
func (n Network) ClassifierName() string {
	i := n.Classifier()
	if i < 0 {
		return ""
	}
	return n.Layers[i].(Linear).Name
}

// ForImages adapts the network to other images and classes: the classifier of the copy that it returns has as many outputs,
// and its pools drop the last row or column where they are given an odd number of them. Its errors wrap [ErrNetwork].
func (n Network) ForImages(images data.Shape, classes int) (Network, error) {
	n = n.Clone()
	i := n.Classifier()
	if i < 0 {
		return Network{}, fmt.Errorf("%w: the network %q has no linear layer of its own that could be one for %d classes", ErrNetwork, n.Name, classes)
	}
	classifier := n.Layers[i].(Linear)
	classifier.Out = classes
	n.Input, n.Layers[i] = images, classifier
	floorPools(n.Layers, images)
	return n.Build(images, classes)
}
