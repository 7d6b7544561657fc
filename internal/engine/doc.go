// Package engine is what all engines share: what a training run is made of ([Config]), its random choices, the loading
// of batches, epochs and steps ([Trainer]), its state on the host ([Snapshot]), and inference in batches ([Evaluator]).
//
// An engine implements [Backend]: it takes training steps and computes logits, and keeps weights, the state of training
// and the data set where it computes. It enters itself with [Register]; [Open] finds it by the name of a backend. There
// are two, in the folders cpu (pure Go) and xla (XLA, by GoMLX). They do not know each other, and this package imports
// neither.
//
// Its estimates of memory, in the file memory.go, serve all engines, and that of a model's file is asked for before an engine
// is open. They follow cpu, which takes the most, and so repeat rules of its algorithms: TestEstimatesOfMemory, in cpu, holds
// them to what cpu takes.
//
// A third engine is a third folder, and a line in the files engines*.go of the root package. [enginetest.Conform] tests
// it.
//
// [enginetest.Conform]: https://pkg.go.dev/github.com/fastresnet/fastresnet/internal/engine/enginetest
package engine
