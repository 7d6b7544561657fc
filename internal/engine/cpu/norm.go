package cpu

import (
	"math"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
	"github.com/fastresnet/fastresnet/layers"
)

// norm is batch normalisation, with the activation after it if there is one.
//
// Its backward pass needs the input but not the output: it repeats gain·x + shift to see how steep the
// activation was.
//
// In training the batch is a number of ghosts, each normalised on its own: image i belongs to ghost i mod ghosts.
// Ghosts are nothing but lanes that have coefficients of their own. If their number divides lanes, a lane belongs to
// the same ghost in every group; otherwise the groups go through a number of phases, after which the lanes have the
// same ghosts again. Plain batch norm has one ghost.
//
// A max pool behind it, in training, picks first: what a rising activation makes largest is where the norm's input is
// largest, or least where the channel's scale is negative. The norm needs all of its input for the moments and in the
// backward pass, but computes what the pool leaves alone, most often a quarter. Where outputs are equal whose inputs are
// not, as by a scale of 0, the gradient goes to the greatest input, and not to the first.
type norm struct {
	in, out *tensor
	// picked is what is normalised: in, or what picks, the max pool, leaves of it.
	picked *tensor
	picks  *maxPool
	name   string
	ghosts int
	phases int
	// fused says that there is a convolution before it, which does the norm's work where it can: see isFused.
	fused bool
	// frozen variables have no gradient, and the running statistics count and stay in training, too.
	frozen bool
	// epsilon is added to variances, momentum the weight of a batch in the running statistics.
	epsilon, momentum float64
	// partial holds two vectors for each channel of each group, [channel][group][2][lanes].
	partial []float32
	// coefficients are by [channel][phase], statistics of the last training pass by [channel][ghost].
	coefficients []kernels.AffineGradient
	statistics   []statistics
}

// statistics describe a channel in a ghost, or in the whole past.
type statistics struct{ mean, variance, count float64 }

func (s statistics) inverseDeviation(epsilon float64) float64 {
	return 1 / math.Sqrt(s.variance+epsilon)
}

// newNorm makes a norm with a number of ghosts; 0 stands for 1. Those past the batch would have no image, and are left
// out.
func newNorm(in, out *tensor, l layers.BatchNorm, f kernels.Activation, frozen bool) *norm {
	channels := in.shape.Channels
	ghosts := min(max(1, l.Groups), in.batch.most)
	phases := 1
	for phases*in.kernels.Lanes%ghosts != 0 && phases < in.groups() {
		phases++
	}
	epsilon, momentum := l.Constants()
	b := &norm{
		in: in, out: out, picked: in, name: l.Name, ghosts: ghosts, phases: phases, epsilon: epsilon, momentum: momentum, frozen: frozen,
		coefficients: make([]kernels.AffineGradient, channels*phases),
	}
	if !frozen {
		b.partial = make([]float32, channels*in.groups()*2*in.kernels.Lanes)
		b.statistics = make([]statistics, channels*ghosts)
	}
	for c := range b.coefficients {
		b.coefficients[c].F = f
	}
	return b
}

// newPooledNorm makes a norm, with the activation behind it, whose max pool picks first.
func newPooledNorm(in *tensor, fusion engine.Fusion, frozen bool) *norm {
	f, _ := activationOf(fusion.Activation)
	pool := newMaxPool(in, fusion.Pool.Size, fusion.Pool.Size)
	b := newNorm(in, in.beside(pool.out.shape), *fusion.Norm, f, frozen)
	b.picked, b.picks = pool.out, pool
	return b
}

func (b *norm) sums(group, channel int) (first, second []float32) {
	lanes := b.in.kernels.Lanes
	v := b.partial[(channel*b.in.groups()+group)*2*lanes:]
	return v[:lanes:lanes], v[lanes : 2*lanes : 2*lanes]
}

// of are the coefficients of a channel in a group.
func (b *norm) of(group, channel int) *kernels.AffineGradient {
	return &b.coefficients[channel*b.phases+group%b.phases]
}

// first is the first lane of a group whose image belongs to a ghost; the others are ghosts further each.
func (b *norm) first(group, ghost int) int {
	return ((ghost-group*b.in.kernels.Lanes)%b.ghosts + b.ghosts) % b.ghosts
}

// isFused says whether the convolution before it does the norm's work in a pass.
func (b *norm) isFused(n *Net) bool { return b.fused && (!n.training || b.out.fixed) }

// ofBatch says whether the batch's statistics count in a pass, and not the running ones.
func (b *norm) ofBatch(n *Net) bool { return n.training && !b.frozen }

func (b *norm) forward(n *Net) {
	if b.isFused(n) {
		return
	}
	if b.ofBatch(n) || b.picks != nil {
		b.in.perChannel(func(g, c int) {
			if b.ofBatch(n) {
				sum, squares := b.sums(g, c)
				b.in.kernels.Moments(sum, squares, b.in.plane(g, c), b.in.rows())
			}
			if b.picks != nil {
				b.picks.pick(g, c, b.picks.least(b.falls(n, c)))
			}
		})
	}
	b.settle(n)
	b.picked.perChannel(func(g, c int) {
		b.in.kernels.Affine(b.out.plane(g, c), b.picked.plane(g, c), b.picked.rows(), &b.of(g, c).Affine)
	})
}

// falls says whether a channel's output falls where its input rises.
func (b *norm) falls(n *Net, channel int) bool { return scaleOf(n.vars[b.name+"/scale"], channel) < 0 }

// apply normalises rows of a channel in place.
func (b *norm) apply(rows []float32, r kernels.Rows, group, channel int) {
	b.in.kernels.Affine(rows, rows, r, &b.of(group, channel).Affine)
}

// settle sets the coefficients, from the batch's moments where these count, and moves the running statistics then.
func (b *norm) settle(n *Net) {
	scale, bias := n.vars[b.name+"/scale"], n.vars[b.name+"/bias"]
	runningMean, runningVariance := n.vars[b.name+"/mean"], n.vars[b.name+"/variance"]
	for c := range b.in.shape.Channels {
		past := statistics{mean: float64(runningMean[c]), variance: float64(runningVariance[c])}
		var mean, variance float64
		for ghost := range b.ghosts {
			s := past
			if b.ofBatch(n) {
				s = b.moments(c, ghost)
				b.statistics[c*b.ghosts+ghost] = s
				mean += s.mean
				variance += s.variance * s.count / max(s.count-1, 1)
			}
			gain := scaleOf(scale, c) * s.inverseDeviation(b.epsilon)
			b.set(c, ghost, func(a *kernels.AffineGradient, lane int) {
				a.Gain[lane], a.Shift[lane], a.Mean[lane] = float32(gain), float32(float64(bias[c])-s.mean*gain), float32(s.mean)
			})
		}
		if b.ofBatch(n) {
			runningMean[c] = b.towards(past.mean, mean/float64(b.ghosts))
			runningVariance[c] = b.towards(past.variance, variance/float64(b.ghosts))
		}
	}
}

// scaleOf is a channel's scale, which is 1 where it is frozen and no variable.
func scaleOf(scale []float32, channel int) float64 {
	if scale == nil {
		return 1
	}
	return float64(scale[channel])
}

// set has f write the coefficients of a ghost's lanes in a channel.
func (b *norm) set(channel, ghost int, f func(a *kernels.AffineGradient, lane int)) {
	for phase := range b.phases {
		for lane := b.first(phase, ghost); lane < b.in.kernels.Lanes; lane += b.ghosts {
			f(b.of(phase, channel), lane)
		}
	}
}

// moments are a channel's mean and biased variance in a ghost. Each lane of each group has a sum and a sum
// of squares about its own mean; what is missing are the squares of those means about the common one.
func (b *norm) moments(channel, ghost int) statistics {
	pixels := float64(b.in.shape.Height * b.in.shape.Width)
	var s statistics
	for g := range b.in.groups() {
		sum, _ := b.sums(g, channel)
		for lane := b.first(g, ghost); lane < b.in.images(g); lane += b.ghosts {
			s.mean += float64(sum[lane])
			s.count += pixels
		}
	}
	s.mean /= s.count
	for g := range b.in.groups() {
		sum, squares := b.sums(g, channel)
		for lane := b.first(g, ghost); lane < b.in.images(g); lane += b.ghosts {
			d := float64(sum[lane])/pixels - s.mean
			s.variance += float64(squares[lane]) + pixels*d*d
		}
	}
	s.variance /= s.count
	return s
}

// towards moves a running statistic by the momentum towards the batch's.
func (b *norm) towards(running, batch float64) float32 {
	return float32((1-b.momentum)*running + b.momentum*batch)
}

// backward, with y = gain·x + shift, x̂ = (x-mean)/σ and averages over the ghost:
//
//	dscale = Σ dy·x̂,  dbias = Σ dy,  dx = gain·(dy - avg(dy) - x̂·avg(dy·x̂))
//
// Statistics that are frozen do not follow x, and leave dx = gain·dy.
func (b *norm) backward(n *Net) {
	if !b.frozen {
		b.gradients(n)
	}
	if b.in.fixed {
		return
	}
	b.in.perChannel(func(g, c int) {
		b.in.kernels.AffineBackward(b.out.plane(g, c), b.picked.plane(g, c), b.picked.rows(), b.of(g, c))
		if b.picks != nil {
			b.picks.spread(g, c, b.picks.least(b.falls(n, c)), b.of(g, c))
		}
		b.in.clearPadding(g, c)
	})
}

// gradients computes those of the variables, and the coefficients of the input's.
func (b *norm) gradients(n *Net) {
	scale, dscale, dbias := n.vars[b.name+"/scale"], n.grads[b.name+"/scale"], n.grads[b.name+"/bias"]
	b.picked.perChannel(func(g, c int) {
		sum, product := b.sums(g, c)
		b.in.kernels.AffineSums(sum, product, b.out.plane(g, c), b.picked.plane(g, c), b.picked.rows(), b.of(g, c))
	})
	for c := range b.in.shape.Channels {
		var toScale, toBias float64
		for ghost := range b.ghosts {
			var sum, product float64
			for g := range b.in.groups() {
				sums, products := b.sums(g, c)
				for lane := b.first(g, ghost); lane < b.in.images(g); lane += b.ghosts {
					sum += float64(sums[lane])
					product += float64(products[lane])
				}
			}
			s := b.statistics[c*b.ghosts+ghost]
			inverse := s.inverseDeviation(b.epsilon)
			toScale += product * inverse
			toBias += sum
			gain := scaleOf(scale, c) * inverse
			xGain := -gain * inverse * inverse * product / s.count
			constant := -gain*sum/s.count - xGain*s.mean
			b.set(c, ghost, func(a *kernels.AffineGradient, lane int) {
				a.XGain[lane], a.Constant[lane] = float32(xGain), float32(constant)
			})
		}
		dbias[c] = float32(toBias)
		if scale != nil {
			dscale[c] = float32(toScale)
		}
	}
}
