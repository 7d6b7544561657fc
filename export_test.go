package fastresnet

// Rates are the learning rates of an epoch's steps: [steps, 1 + groups].
func (r Recipe) Rates(epoch, steps int) []float32 { return r.rates(epoch, steps) }
