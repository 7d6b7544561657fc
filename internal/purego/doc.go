// Package purego is the second lowering of a network: forward and backward pass written out in Go, for
// machines without a GPU and without a C library. It knows every layer of package layers, ghost batch norm
// if its number of groups divides 16; tests hold it to plain float64 loops, to finite differences and to
// PyTorch.
//
// # Layout
//
// Activations hold 16 images side by side, [group of 16][channel][row][column][image], each image with a
// border of zeros that it shares with its neighbours. So a vector of 16 floats is one pixel of one channel
// in 16 images, and the layout's consequences are the design:
//
//   - A tap of a filter is a constant offset, also at the border and at any stride. A convolution is a
//     matrix product that reads its right operand through a list of offsets; nothing is gathered, padded or
//     transposed. Its gradient to the input is the same product with other weights and offsets, and a
//     linear layer is a convolution whose filter is the image.
//   - Loads are aligned, and nothing crosses lanes, in pools and norms neither. Ghost batch norm is batch
//     norm with coefficients that differ by lane.
//   - Batches are computed in multiples of 16. One image alone costs as much as 16.
//
// # Memory
//
// Compile allocates everything. The backward pass overwrites each activation with its gradient as soon as
// the value has been used for the last time, so training needs no more memory than the forward pass: about
// 120 MB for ResNet9 of width 16 at a batch of 128.
//
// # Kernels
//
// The inner loops exist in three variants: AVX-512 and AVX2, which need an amd64 processor and a build with
// GOEXPERIMENT=simd, and plain Go. The first one that the processor can run is used.
//
// Results are the same bits from run to run and for any number of processors: every sum is computed by one
// goroutine in an order that the shapes decide. The variants differ by rounding; exponential functions are
// the same polynomials in all of them.
package purego
