package fastresnet

import (
	"errors"
	"fmt"
)

// tellStart passes on the result as it is before the first step.
func (r *run) tellStart() {
	for _, o := range r.config.observers {
		r.heard++
		if o.Start != nil {
			o.Start(r.result())
		}
	}
}

// tellStep passes on where the run is.
func (r *run) tellStep(p Progress) {
	for _, o := range r.config.observers {
		if o.Step != nil {
			o.Step(p)
		}
	}
}

// tellEpoch passes the last epoch on.
func (r *run) tellEpoch() {
	e := r.epochs()[len(r.epochs())-1]
	attributes := []any{"number", e.Number, "train_loss", e.TrainLoss, "train_accuracy", e.TrainAccuracy, "seconds", e.TrainTime.Seconds()}
	if e.Tested {
		attributes = append(attributes, "test_loss", e.TestLoss, "test_accuracy", e.TestAccuracy)
	}
	r.config.logger.Info("epoch", attributes...)
	for _, o := range r.config.observers {
		if o.Epoch != nil {
			o.Epoch(e)
		}
	}
}

// tellEnd tells how the run has ended, and adds to the result and the error what comes of that.
func (r *run) tellEnd(result *Result, err error) (*Result, error) {
	ended := err
	for _, o := range r.config.observers[:r.heard] {
		var known *Result
		if result != nil {
			known = r.result()
		}
		failed, panicked := o.end(known, ended)
		if failed != nil {
			warning := fmt.Sprintf("an observer of the run: %v", failed)
			r.config.logger.Warn(warning)
			r.history.change(func(h *Record) { h.Warnings = append(h.Warnings, warning) })
		}
		if panicked != nil {
			err = errors.Join(err, panicked)
		}
	}
	if result != nil {
		result = r.result()
	}
	return result, err
}
