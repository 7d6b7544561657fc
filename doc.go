// Package fastresnet trains small residual networks on small images, fast, and uses the trained model.
//
// [Train] is the whole job: with no options it trains the published 24-epoch recipe on CIFAR-10, and on a set of your own
// what [RecipeFor] makes for it.
//
//	result, err := fastresnet.Train(ctx,
//		fastresnet.WithDataset(train, test),
//		fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()),
//		fastresnet.WithBatchSize(256),
//	)
//	predictions, err := result.Model.Predict(ctx, img)
//
// A run is described by a [Recipe], a plain value; each [Option] changes one thing of it or of how it is
// run. What comes back is a [Result] with the history of the run and a [Model], which [Model.Save] and [Load] keep in a
// file.
//
// # What runs it
//
// There are two engines. One is in pure Go and needs nothing: its inner loops are Go's own assembly, for AVX-512, AVX2
// and NEON, chosen when the program runs. The other is XLA, by GoMLX: for an NVIDIA GPU, and for any PJRT plugin that
// is asked for. It needs cgo, and is built into every program that has it; CGO_ENABLED=0 or the build tag noxla leave
// it out, and with it 14 MB of program, GoMLX and what that needs. [WithBackend] chooses; [Result] says what ran and
// why, and [Diagnose] what keeps a better one from running.
//
// # What to know before embedding it
//
//   - It prints nothing, downloads nothing unless [WithPluginDownload] asks for it (into the folder where GoMLX keeps
//     plugins), writes other files only where [WithCheckpoint], [WithAutotuneCache] or [Model.Save] say, and installs no
//     signal handlers. XLA may log warnings of its own through klog, which package fastresnet/quiet silences. Opening XLA
//     redirects the process's standard error for a moment, and turns off go-xla's own automatic download for good.
//   - The data set stays in memory as bytes (CIFAR-10: 184 MB), and on a device in memory of its own.
//   - One call of Train uses all cores or the whole GPU. A [Model] is safe for concurrent use; it
//     computes one batch at a time, for those who wait together. [Model.Close] gives a device's memory back.
//   - The same seed gives the same batches and augmentations on every backend. On the pure-Go backend it gives the same
//     result, to the last bit, with any number of cores, on processors of one kind; others use other kernels, which round
//     differently.
package fastresnet
