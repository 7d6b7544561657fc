// Package graphs has the layers of a network, its loss, the augmentations of images and the optimizers as GoMLX graphs.
// Gradients come from GoMLX's automatic differentiation. Tests compare them with plain loops and with PyTorch.
//
// As everywhere in GoMLX, functions that build graphs panic on a mistake in the graph.
package graphs
