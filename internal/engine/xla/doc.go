// Package xla is the engine that computes with XLA, by GoMLX: on NVIDIA GPUs, and on whatever else there is a PJRT
// plugin for. A whole training step is one program: gather the batch, augment, forward, loss, gradients, update. The
// data set, the state of training and the metrics stay on the device.
//
// Programs are compiled from graphs (package graphs). They run on any backend of GoMLX, its own in pure Go too, which
// tests use as a reference.
package xla
