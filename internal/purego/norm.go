package purego

import (
	"math"

	"github.com/fastresnet/fastresnet/layers"
)

// norm is batch normalisation, with the ReLU after it if there is one.
//
// Its backward pass needs the input but not the output: it repeats gain·x + shift to see where the ReLU
// was open.
type norm struct {
	in, out *tensor
	name    string
	relu    bool
	// partial holds two vectors for each channel of each group, [channel][group][2][lanes].
	partial []float32
	// gain, shift, mean and inverse deviation of the last training pass, by channel
	gain, shift, mean, inverse []float64
}

func newNorm(in *tensor, name string, relu bool) *norm {
	channels := in.shape.Channels
	values := func() []float64 { return make([]float64, channels) }
	return &norm{
		in: in, out: newTensor(in.shape, in.batch), name: name, relu: relu,
		partial: make([]float32, channels*in.groups()*2*lanes),
		gain:    values(), shift: values(), mean: values(), inverse: values(),
	}
}

func (b *norm) sums(group, channel int) (first, second []float32) {
	v := b.partial[(channel*b.in.groups()+group)*2*lanes:]
	return v[:lanes:lanes], v[lanes : 2*lanes : 2*lanes]
}

func (b *norm) forward(n *Net) {
	scale, bias := n.vars[b.name+"/scale"], n.vars[b.name+"/bias"]
	runningMean, runningVariance := n.vars[b.name+"/mean"], n.vars[b.name+"/variance"]
	if n.training {
		b.in.perChannel(func(g, c int) {
			sum, squares := b.sums(g, c)
			n.kernels.moments(sum, squares, b.in.plane(g, c), b.in.rows())
		})
	}
	for c := range b.in.shape.Channels {
		mean, variance := float64(runningMean[c]), float64(runningVariance[c])
		if n.training {
			mean, variance = b.moments(c)
			count := float64(b.count())
			runningMean[c] = towards(runningMean[c], mean)
			runningVariance[c] = towards(runningVariance[c], variance*count/max(count-1, 1))
		}
		b.mean[c] = mean
		b.inverse[c] = 1 / math.Sqrt(variance+layers.Epsilon)
		b.gain[c] = float64(scale[c]) * b.inverse[c]
		b.shift[c] = float64(bias[c]) - mean*b.gain[c]
	}
	b.in.perChannel(func(g, c int) {
		n.kernels.affine(b.out.plane(g, c), b.in.plane(g, c), b.in.rows(), float32(b.gain[c]), float32(b.shift[c]), b.relu)
	})
}

// count is the number of values of a channel.
func (b *norm) count() int { return b.in.batch * b.in.shape.Height * b.in.shape.Width }

// moments are the mean and the biased variance of a channel. Each lane of each group has a sum and a sum
// of squares about its own mean; what is missing are the squares of those means about the common one.
func (b *norm) moments(channel int) (mean, variance float64) {
	pixels := float64(b.in.shape.Height * b.in.shape.Width)
	count := float64(b.count())
	for g := range b.in.groups() {
		sum, _ := b.sums(g, channel)
		for lane := range b.in.images(g) {
			mean += float64(sum[lane])
		}
	}
	mean /= count
	for g := range b.in.groups() {
		sum, squares := b.sums(g, channel)
		for lane := range b.in.images(g) {
			d := float64(sum[lane])/pixels - mean
			variance += float64(squares[lane]) + pixels*d*d
		}
	}
	return mean, variance / count
}

// towards moves a running statistic by layers.Momentum towards the batch's.
func towards(running float32, batch float64) float32 {
	return float32((1-layers.Momentum)*float64(running) + layers.Momentum*batch)
}

// backward, with y = gain·x + shift, x̂ = (x-mean)/σ and averages over the batch:
//
//	dscale = Σ dy·x̂,  dbias = Σ dy,  dx = gain·(dy - avg(dy) - x̂·avg(dy·x̂))
func (b *norm) backward(n *Net) {
	dscale, dbias := n.grads[b.name+"/scale"], n.grads[b.name+"/bias"]
	coefficients := make([]affineGradient, b.in.shape.Channels)
	for c := range coefficients {
		coefficients[c] = affineGradient{
			gain: float32(b.gain[c]), shift: float32(b.shift[c]), mean: float32(b.mean[c]), relu: b.relu,
		}
	}
	b.in.perChannel(func(g, c int) {
		sum, product := b.sums(g, c)
		n.kernels.affineSums(sum, product, b.out.plane(g, c), b.in.plane(g, c), b.in.rows(), coefficients[c])
	})
	count := float64(b.count())
	for c := range coefficients {
		var sum, product float64
		for g := range b.in.groups() {
			sums, products := b.sums(g, c)
			for lane := range lanes {
				sum += float64(sums[lane])
				product += float64(products[lane])
			}
		}
		dscale[c], dbias[c] = float32(product*b.inverse[c]), float32(sum)
		xGain := -b.gain[c] * b.inverse[c] * b.inverse[c] * product / count
		coefficients[c].dyGain = float32(b.gain[c])
		coefficients[c].xGain = float32(xGain)
		coefficients[c].constant = float32(-b.gain[c]*sum/count - xGain*b.mean[c])
	}
	if b.in == n.input {
		return
	}
	b.in.perChannel(func(g, c int) {
		n.kernels.affineBackward(b.out.plane(g, c), b.in.plane(g, c), b.in.rows(), coefficients[c])
		b.in.clearPadding(g, c)
	})
}
