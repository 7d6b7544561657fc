// Package cpu is the engine in pure Go, for machines without a GPU and without a C library: the forward and backward
// pass of a network, its loss and its optimizers, written out. It computes every layer of package layers; tests hold it
// to plain float64 loops, to finite differences, to PyTorch and to GoMLX.
//
// The function compile makes a [Net] of a network, for batches of one size, with which the type stepper trains. The type
// classifier answers with nets that compileAnswering makes, for a batch or fewer images. The type imageNet answers about one
// image, with channels in the lanes.
//
// # Layout
//
// Activations hold a group of images side by side, [group][channel][row][column][image], each image with a border of
// zeros that it shares with its neighbours. A group has as many images as a vector of the kernels has lanes: 16. So a
// vector is one pixel of one channel in 16 images, and the layout's consequences are the design:
//
//   - A tap of a filter is a constant offset, also at the border and at any stride. A convolution is a
//     matrix product that reads its right operand through a list of offsets; nothing is gathered, padded or
//     transposed. Its gradient to the input is the same product with other weights and offsets, and a
//     linear layer is a convolution whose filter is the image.
//   - Most convolutions with 3x3 filters are computed by Winograd's algorithm, whose transforms are the same arithmetic
//     for every lane: see the type winograd, and direct for all others.
//   - Loads are aligned, and nothing crosses lanes, in pools and norms neither. Ghost batch norm is batch
//     norm with coefficients that differ by lane.
//   - Batches are computed in multiples of 16, and one image in a batch costs as much as 16. So imageNet computes one
//     image on its own: its vectors are 16 channels of a pixel, and its tensors and most operations are the same. A few
//     images are computed one after the other.
//
// # Memory
//
// A net has allocated everything but what is lent for a while (see arena): of that there is as much as the largest
// convolution takes, and for Muon as its largest update does. The backward pass overwrites each activation with its
// gradient as soon as the value has been used for the last time, so training needs no more memory than the forward pass:
// about 100 MB for ResNet9 of width 16 at a batch of 128. Where a max pool follows a norm, it picks from the norm's input, and
// the norm's output is as small as the pool's.
//
// A net that only answers keeps no activation longer than it is read: others take its memory (see slots), and what is
// computed value by value replaces its input. A pool right behind a convolution, or its norm, is computed with it while the output
// is in a cache, and only the pool's is kept. That is about 20 MB for the same. It answers about as many images as it is
// given, for which its memory grows. The weights keep filters that it has packed (see packings).
//
// # Kernels
//
// The inner loops are in package kernels, in a set for each instruction set; the fastest that the processor can run is
// used. Their sizes, such as the lanes, are fields of the set.
//
// Results are the same bits from run to run and for any number of processors: every sum is computed by one
// goroutine in an order that the shapes decide. The sets differ by rounding; exponential functions are the same
// polynomials in all of them.
package cpu
