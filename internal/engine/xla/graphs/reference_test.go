package graphs_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// reference computes a network in float64 with one loop a dimension, as the layers' documentation says
// it, and nothing else: its gradients are taken by differences.
type reference struct {
	batch    int
	training bool
	vars     map[string][]float64
	// updates are the running statistics after the last forward pass in training.
	updates map[string][]float64
}

// images is a batch of activations: [batch, height, width, channels].
type images struct {
	data.Shape
	values []float64
}

func (m images) index(n, y, x, c int) int { return ((n*m.Height+y)*m.Width+x)*m.Channels + c }

func (r *reference) sequence(list []layers.Layer, x images) images {
	for _, l := range list {
		x = r.layer(l, x)
	}
	return x
}

func (r *reference) layer(l layers.Layer, x images) images {
	switch l := l.(type) {
	case layers.Conv:
		return r.conv(l, x)
	case layers.BatchNorm:
		return r.norm(l, x)
	case layers.ReLU:
		return r.fill(x.Shape, func(n, i, j, c int) float64 { return max(x.values[x.index(n, i, j, c)], 0) })
	case layers.CELU:
		return r.fill(x.Shape, func(n, i, j, c int) float64 {
			v := x.values[x.index(n, i, j, c)]
			return max(v, 0) + min(0, l.Alpha*math.Expm1(v/l.Alpha))
		})
	case layers.GELU:
		return r.fill(x.Shape, func(n, i, j, c int) float64 {
			v := x.values[x.index(n, i, j, c)]
			return v / 2 * (1 + math.Erf(v/math.Sqrt2))
		})
	case layers.SiLU:
		return r.fill(x.Shape, func(n, i, j, c int) float64 {
			v := x.values[x.index(n, i, j, c)]
			return v / (1 + math.Exp(-v))
		})
	case layers.PatchWhitening:
		y := r.conv(layers.Conv{Name: l.Name, Out: l.Channels(x.Channels), Kernel: l.Kernel, Stride: 1}, x)
		less, first := 0, 0 // without padding, the outputs that read none
		if l.Unpadded {
			less, first = l.Kernel-1, l.Kernel/2
		}
		return r.fill(data.Shape{Height: x.Height - less, Width: x.Width - less, Channels: y.Channels}, func(n, i, j, c int) float64 {
			v := y.values[y.index(n, i+first, j+first, c)]
			if l.Bias {
				v += r.vars[l.Name+"/bias"][c]
			}
			return v
		})
	case layers.GlobalMaxMeanPool:
		most, mean := r.layer(layers.GlobalMaxPool{}, x), r.layer(layers.GlobalMeanPool{}, x)
		return r.fill(data.Shape{Height: 1, Width: 1, Channels: 2 * x.Channels}, func(n, _, _, c int) float64 {
			if c < x.Channels {
				return most.values[n*x.Channels+c]
			}
			return mean.values[n*x.Channels+c-x.Channels]
		})
	case layers.Scale:
		return r.fill(x.Shape, func(n, i, j, c int) float64 { return l.Factor * x.values[x.index(n, i, j, c)] })
	case layers.MaxPool:
		return r.pool(x, l.Size, l.Size, math.Inf(-1), math.Max)
	case layers.GlobalMaxPool:
		return r.pool(x, x.Height, x.Width, math.Inf(-1), math.Max)
	case layers.GlobalMeanPool:
		share := 1 / float64(x.Height*x.Width)
		return r.pool(x, x.Height, x.Width, 0, func(sum, v float64) float64 { return sum + v*share })
	case layers.Linear:
		w, size := r.vars[l.Name+"/weight"], x.Size()
		return r.fill(data.Shape{Height: 1, Width: 1, Channels: l.Out}, func(n, _, _, c int) float64 {
			sum := 0.0
			if l.Bias {
				sum = r.vars[l.Name+"/bias"][c]
			}
			for i := range size {
				sum += w[c*size+i] * x.values[n*size+i]
			}
			return sum
		})
	case layers.Residual:
		a, b := r.sequence(l.Branch, x), r.sequence(l.Shortcut, x)
		return r.fill(a.Shape, func(n, i, j, c int) float64 {
			return a.values[a.index(n, i, j, c)] + b.values[b.index(n, i, j, c)]
		})
	}
	panic(fmt.Sprintf("reference_test.go has no case for a %T", l))
}

// fill makes a batch of f's values.
func (r *reference) fill(shape data.Shape, f func(n, y, x, c int) float64) images {
	m := images{shape, make([]float64, r.batch*shape.Size())}
	for n := range r.batch {
		for y := range shape.Height {
			for x := range shape.Width {
				for c := range shape.Channels {
					m.values[m.index(n, y, x, c)] = f(n, y, x, c)
				}
			}
		}
	}
	return m
}

func (r *reference) conv(l layers.Conv, x images) images {
	w := r.vars[l.Name+"/weight"]
	out := data.Shape{Height: (x.Height + l.Stride - 1) / l.Stride, Width: (x.Width + l.Stride - 1) / l.Stride, Channels: l.Out}
	return r.fill(out, func(n, i, j, c int) float64 {
		sum := 0.0
		for ky := range l.Kernel {
			for kx := range l.Kernel {
				y, z := i*l.Stride+ky-l.Kernel/2, j*l.Stride+kx-l.Kernel/2
				if y < 0 || y >= x.Height || z < 0 || z >= x.Width {
					continue
				}
				for k := range x.Channels {
					sum += w[((c*l.Kernel+ky)*l.Kernel+kx)*x.Channels+k] * x.values[x.index(n, y, z, k)]
				}
			}
		}
		return sum
	})
}

func (r *reference) pool(x images, height, width int, start float64, fold func(sum, v float64) float64) images {
	out := data.Shape{Height: x.Height / height, Width: x.Width / width, Channels: x.Channels}
	return r.fill(out, func(n, i, j, c int) float64 {
		v := start
		for y := range height {
			for z := range width {
				v = fold(v, x.values[x.index(n, i*height+y, j*width+z, c)])
			}
		}
		return v
	})
}

func (r *reference) norm(l layers.BatchNorm, x images) images {
	runningMean, runningVariance := r.vars[l.Name+"/mean"], r.vars[l.Name+"/variance"]
	scale, bias := r.vars[l.Name+"/scale"], r.vars[l.Name+"/bias"]
	if l.FrozenScale {
		scale = slices.Repeat([]float64{1}, x.Channels)
	}
	epsilon, momentum := 1e-5, 0.1
	if l.Epsilon != 0 {
		epsilon = l.Epsilon
	}
	if l.Momentum != 0 {
		momentum = l.Momentum
	}
	normalised := func(v, mean, variance float64, c int) float64 {
		return (v-mean)/math.Sqrt(variance+epsilon)*scale[c] + bias[c]
	}
	if !r.training {
		return r.fill(x.Shape, func(n, i, j, c int) float64 {
			return normalised(x.values[x.index(n, i, j, c)], runningMean[c], runningVariance[c], c)
		})
	}
	// Statistics of image n's group, and those of all groups for the running ones.
	groups, size := max(1, l.Groups), x.Shape.Size()
	count := float64(len(x.values) / groups / x.Channels)
	mean, variance := make([]float64, groups*x.Channels), make([]float64, groups*x.Channels)
	at := func(i int) int { return i/size%groups*x.Channels + i%x.Channels }
	for i, v := range x.values {
		mean[at(i)] += v / count
	}
	for i, v := range x.values {
		d := v - mean[at(i)]
		variance[at(i)] += d * d / count
	}
	newMean, newVariance := make([]float64, x.Channels), make([]float64, x.Channels)
	for c := range x.Channels {
		newMean[c], newVariance[c] = (1-momentum)*runningMean[c], (1-momentum)*runningVariance[c]
		for g := range groups {
			newMean[c] += momentum * mean[g*x.Channels+c] / float64(groups)
			newVariance[c] += momentum * variance[g*x.Channels+c] * count / (count - 1) / float64(groups)
		}
	}
	if r.updates == nil {
		r.updates = map[string][]float64{}
	}
	r.updates[l.Name+"/mean"], r.updates[l.Name+"/variance"] = newMean, newVariance
	return r.fill(x.Shape, func(n, i, j, c int) float64 {
		k := n%groups*x.Channels + c
		return normalised(x.values[x.index(n, i, j, c)], mean[k], variance[k], c)
	})
}

// gradient is the derivative of loss in each of values by central differences; it leaves them unchanged.
func gradient(values []float64, loss func() float64) []float64 {
	const step = 1e-5 // truncation goes with its square, rounding with 1e-16 over it
	g := make([]float64, len(values))
	for i, v := range values {
		values[i] = v + step
		above := loss()
		values[i] = v - step
		below := loss()
		values[i] = v
		g[i] = (above - below) / (2 * step)
	}
	return g
}
