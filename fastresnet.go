package fastresnet

import (
	"context"
	"time"
)

// Train trains a network and returns the model with the history of the run. With no options it trains
// [ResNet9Epochs24] on CIFAR-10, which it looks for under the environment's FASTRESNET_DATA and then in
// the user's cache folder; it never downloads it. On a training set of your own ([WithDataset]), with other classes than
// CIFAR-10's, it runs [RecipeFor] that set, and [FineTuning] if it starts from a model ([WithInitialModel]).
//
// Errors wrap [ErrOption] (every problem at once, before a device or a file is touched where that is possible), [ErrArgument],
// [ErrBackend], [ErrMemory], [ErrCheckpoint] or [ErrDiverged]; or [data.ErrNotFound] if CIFAR-10 is not found,
// [data.ErrFormat] if one of its files is damaged, and [data.ErrAugmentation] if an augmentation of yours draws a wrong number of
// choices.
//
// When ctx ends, Train returns within a step, or on XLA within the steps of a dispatch ([WithStepsPerDispatch]), with what there
// is of the result and an error that wraps ctx's and says in or after which epoch that was; with ctx's own and no result if no
// step was taken. With [WithCheckpoint] it writes a checkpoint first, which the error names. Reading CIFAR-10, opening a
// backend (with [WithPluginDownload] a download of some 2 GB) and a compilation that has begun are not interrupted.
//
// Whenever there is a result, even beside an error, close its model when it is no longer needed: it may hold a GPU's memory. A
// run that fails once there is an epoch in its history returns what it has too, unless something panicked before its end
// ([ErrInternal]).
func Train(ctx context.Context, opts ...Option) (result *Result, err error) {
	defer guard(&err)
	start := time.Now()
	if err := given(ctx); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if err := c.loadData(); err != nil {
		return nil, err
	}
	r, err := newRun(ctx, c, start)
	if err != nil {
		return nil, err
	}
	defer func() { r.close(result) }()
	return r.all(ctx)
}

// all takes the run from its first step to its end, and tells the observers.
func (r *run) all(ctx context.Context) (result *Result, err error) {
	defer func() { result, err = r.tellEnd(result, err) }()
	defer guard(&err) // the observers hear of a panic, too
	r.tellStart()
	for !r.ended() {
		if err := r.epoch(ctx, len(r.epochs())+1); err != nil {
			return r.finish(err)
		}
		r.tellEpoch()
	}
	return r.finish(nil)
}
