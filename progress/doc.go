// Package progress has observers of training runs, for [fastresnet.WithProgress]: a bar and a table on a terminal, and
// logs for other programs.
//
//	board, err := progress.TensorBoard("logs/first")
//	result, err := fastresnet.Train(ctx, fastresnet.WithProgress(progress.Terminal(os.Stderr), progress.CSV(file), board))
//
// An observer can be given to several runs, one after the other, but not to two at once. It writes while the run waits, in
// one call of Write for each line, and starts no goroutines. It never closes a writer that it was given. An error in
// writing ends the observer, not the run: the first is what End returns, and so one of the result's Warnings.
package progress
