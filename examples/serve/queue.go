package main

import (
	"context"
	"image"

	"github.com/fastresnet/fastresnet"
)

// queue has the pictures of requests that come at the same time classified together: the network computes batches
// of 16, however few pictures there are. No request waits for others to come.
type queue struct {
	predict func(context.Context, ...image.Image) ([]fastresnet.Prediction, error)
	waiting chan job
}

const batchSize = 16

// job is a picture and where its prediction goes, which is never blocked.
type job struct {
	ctx    context.Context
	image  image.Image
	result chan<- result
}

type result struct {
	prediction fastresnet.Prediction
	err        error
}

// classify waits for its turn and for the prediction.
func (q *queue) classify(ctx context.Context, img image.Image) (fastresnet.Prediction, error) {
	done := make(chan result, 1)
	q.waiting <- job{ctx, img, done} // has room for all that are decoded
	select {
	case r := <-done:
		return r.prediction, r.err
	case <-ctx.Done():
		return fastresnet.Prediction{}, ctx.Err()
	}
}

// work classifies what comes until ctx ends.
func (q *queue) work(ctx context.Context) {
	for {
		select {
		case first := <-q.waiting:
			q.batch(ctx, append([]job{first}, q.others()...))
		case <-ctx.Done():
			return
		}
	}
}

// others are the jobs that wait already, as many as a batch has room for beside the first.
func (q *queue) others() (jobs []job) {
	for len(jobs) < batchSize-1 {
		select {
		case j := <-q.waiting:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// batch classifies the jobs that somebody still waits for.
func (q *queue) batch(ctx context.Context, jobs []job) {
	var wanted []job
	var images []image.Image
	for _, j := range jobs {
		if j.ctx.Err() == nil {
			wanted, images = append(wanted, j), append(images, j.image)
		}
	}
	if len(wanted) == 0 {
		return
	}
	predictions, err := q.predict(ctx, images...)
	for i, j := range wanted {
		r := result{err: err}
		if err == nil {
			r.prediction = predictions[i]
		}
		j.result <- r
	}
}
