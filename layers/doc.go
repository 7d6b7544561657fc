// Package layers describes convolutional networks as data.
//
// A [Network] is a list of [Layer] values: it can be printed, compared, counted and written as JSON without any device.
// [Network.Plan] resolves it to shapes, variables and work. A [Design] makes the network of a family, such as
// [ResNet9], for the shape of the images and the number of their classes. Engines compute networks; this package knows
// nothing of them.
//
// Images are [batch, height, width, channels] (NHWC). Convolution weights are [out, height, width, in]
// (OHWI), linear weights [out, in].
//
// Errors wrap [ErrNetwork].
package layers
