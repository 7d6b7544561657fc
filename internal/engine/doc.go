// Package engine is the device side of a run: it chooses a backend, keeps the data set and the state of
// training on it, and runs compiled training and evaluation steps.
//
// There are two ways to lower a network, behind one interface. On XLA a whole step is one graph: gather
// the batch, augment, forward, loss, gradients, update ([graphLowering]). On GoMLX's pure-Go backend,
// whose own convolution is too slow to train with, the network runs in internal/purego, and the loss and
// the update are the same graphs as on XLA ([goLowering]); a network that purego does not know falls back
// to the first way.
package engine
