// Package layers describes convolutional networks as data and lowers them to GoMLX graphs.
//
// A [Network] is a list of [Layer] values: it can be printed, compared and counted without any device.
// [Network.Plan] resolves it to shapes, variables and work; [Network.Apply] turns it into a graph whose
// gradients come from GoMLX's automatic differentiation, which is right on every backend. The pure-Go
// engine has a second, hand-written lowering of the same description (internal/purego); tests hold the
// two equal, values and gradients.
//
// Images are [batch, height, width, channels] (NHWC). Convolution weights are [out, height, width, in]
// (OHWI), linear weights [out, in].
//
// As everywhere in GoMLX, functions that build graphs panic on a mistake in the graph. The rest of the
// package returns errors, which wrap [ErrNetwork].
package layers
