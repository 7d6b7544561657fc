// Package engine is the device side of a run: it chooses a backend, keeps the data set and the state of
// training on it, and runs compiled training and evaluation steps.
//
// There are two ways to lower a network, behind one interface. On XLA a whole step is one graph: gather
// the batch, augment, forward, loss, gradients, update ([graphLowering]). On GoMLX's pure-Go backend,
// whose own operations are too slow to train with, the network and the update of its weights run in internal/purego, and
// the loss is the same graph as on XLA ([goLowering]); a network that purego does not know falls back to the first way.
package engine
