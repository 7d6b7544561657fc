package fastresnet

import "github.com/fastresnet/fastresnet/internal/engine"

// best is the epoch of a run whose test went best, with its weights. Its zero value is none.
type best struct {
	epoch         Epoch
	weights, last engine.Weights
}

// keepBest keeps the weights of the last epoch, if [WithBestWeights] asks for that and none before it tested better.
func (r *run) keepBest() error {
	epochs := r.epochs()
	last := epochs[len(epochs)-1]
	if !r.config.best || !last.Tested || r.best.weights != nil && !last.better(r.best.epoch) {
		return nil
	}
	weights, before, err := r.trainer.Weights()
	if err != nil {
		return err
	}
	r.best.close()
	r.best = best{last, weights, before}
	r.history.change(func(h *Record) { h.BestEpoch = last.Number })
	return nil
}

// better says whether an epoch's test went better than another's.
func (e Epoch) better(other Epoch) bool {
	return e.TestAccuracy > other.TestAccuracy || e.TestAccuracy == other.TestAccuracy && e.TestLoss < other.TestLoss
}

// useBest gives the model the weights that were kept.
func (r *run) useBest() error {
	if r.best.weights == nil {
		return nil
	}
	weights, last := r.best.weights, r.best.last
	r.best = best{}
	return r.model.use(weights, last)
}

func (b *best) close() {
	closeAll(b.weights, b.last)
	*b = best{}
}

// values are the kept weights on the host, nil for none.
func (b best) values() (values, last map[string][]float32, err error) {
	if b.weights == nil {
		return nil, nil, nil
	}
	if values, err = b.weights.Values(); err == nil && b.last != nil {
		last, err = b.last.Values()
	}
	return values, last, err
}

// restoreBest keeps the weights that a checkpoint has of the best epoch.
func (r *run) restoreBest(p *progress) (err error) {
	if p.BestEpoch == 0 {
		return nil
	}
	variables, err := r.config.network.Variables()
	if err != nil {
		return err
	}
	b := best{epoch: p.Epochs[p.BestEpoch-1]}
	if b.weights, err = r.device.Upload(variables, p.Best); err == nil && p.BestLast != nil {
		b.last, err = r.device.Upload(variables, p.BestLast)
	}
	if err != nil {
		b.close()
		return err
	}
	r.best = b
	r.history.change(func(h *Record) { h.BestEpoch = p.BestEpoch })
	return nil
}
