package cpu_test

import (
	"cmp"
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// reference is the plainest forward pass there is: float64, [batch, height, width, channels], one loop a
// dimension, batch statistics. Gradients come from its differences.
type reference struct {
	network layers.Network
	batch   int
	vars    map[string][]float64
	// statistics are what the running ones move towards.
	statistics map[string][]float64
}

// image batches of one shape.
type activation struct {
	shape  data.Shape
	values []float64
}

func (a activation) at(n, y, x, c int) *float64 {
	return &a.values[((n*a.shape.Height+y)*a.shape.Width+x)*a.shape.Channels+c]
}

func (r *reference) forward(images []float32) []float64 {
	in := activation{r.network.Input, make([]float64, len(images))}
	for i, v := range images {
		in.values[i] = float64(v)
	}
	return r.run(r.network.Layers, in).values
}

func (r *reference) run(sequence []layers.Layer, x activation) activation {
	for _, l := range sequence {
		x = r.layer(l, x)
	}
	return x
}

func (r *reference) layer(l layers.Layer, x activation) activation {
	in := x.shape
	pooled := func(height, width int, f func(window []float64) float64) activation {
		y := r.activation(data.Shape{Height: in.Height / height, Width: in.Width / width, Channels: in.Channels})
		y.each(func(n, oy, ox, c int, v *float64) {
			var window []float64
			for wy := range height {
				for wx := range width {
					window = append(window, *x.at(n, oy*height+wy, ox*width+wx, c))
				}
			}
			*v = f(window)
		})
		return y
	}
	mapped := func(f func(v float64) float64) activation {
		y := r.activation(in)
		for i, v := range x.values {
			y.values[i] = f(v)
		}
		return y
	}
	maximum := func(window []float64) float64 {
		m := window[0]
		for _, v := range window {
			m = max(m, v)
		}
		return m
	}
	mean := func(window []float64) float64 {
		total := 0.0
		for _, v := range window {
			total += v
		}
		return total / float64(len(window))
	}
	switch l := l.(type) {
	case layers.Conv:
		return convolve(x, r.vars[l.Name+"/weight"], r.batch, l.Out, l.Kernel, l.Stride)
	case layers.PatchWhitening:
		padded := convolve(x, r.vars[l.Name+"/weight"], r.batch, l.Channels(in.Channels), l.Kernel, 1)
		less, first := 0, 0 // without padding, the outputs that read none
		if l.Unpadded {
			less, first = l.Kernel-1, l.Kernel/2
		}
		y := r.activation(data.Shape{Height: in.Height - less, Width: in.Width - less, Channels: padded.shape.Channels})
		y.each(func(n, oy, ox, c int, v *float64) {
			*v = *padded.at(n, oy+first, ox+first, c)
			if l.Bias {
				*v += r.vars[l.Name+"/bias"][c]
			}
		})
		return y
	case layers.Linear:
		w := r.vars[l.Name+"/weight"]
		y := r.activation(data.Shape{Height: 1, Width: 1, Channels: l.Out})
		y.each(func(n, _, _, c int, v *float64) {
			for i := range in.Size() {
				*v += w[c*in.Size()+i] * x.values[n*in.Size()+i]
			}
			if l.Bias {
				*v += r.vars[l.Name+"/bias"][c]
			}
		})
		return y
	case layers.BatchNorm:
		return r.norm(l, x)
	case layers.ReLU:
		return mapped(func(v float64) float64 { return max(v, 0) })
	case layers.CELU:
		return mapped(func(v float64) float64 { return max(v, 0) + min(0, l.Alpha*math.Expm1(v/l.Alpha)) })
	case layers.GELU:
		return mapped(func(v float64) float64 { return v * math.Erfc(-v/math.Sqrt2) / 2 })
	case layers.SiLU:
		return mapped(func(v float64) float64 { return v / (1 + math.Exp(-v)) })
	case layers.Scale:
		return mapped(func(v float64) float64 { return v * l.Factor })
	case layers.MaxPool:
		return pooled(l.Size, l.Size, maximum)
	case layers.GlobalMaxPool:
		return pooled(in.Height, in.Width, maximum)
	case layers.GlobalMeanPool:
		return pooled(in.Height, in.Width, mean)
	case layers.GlobalMaxMeanPool:
		maxima, means := pooled(in.Height, in.Width, maximum), pooled(in.Height, in.Width, mean)
		y := r.activation(data.Shape{Height: 1, Width: 1, Channels: 2 * in.Channels})
		y.each(func(n, _, _, c int, v *float64) {
			if c < in.Channels {
				*v = *maxima.at(n, 0, 0, c)
			} else {
				*v = *means.at(n, 0, 0, c-in.Channels)
			}
		})
		return y
	case layers.Residual:
		y, z := r.run(l.Branch, x), r.run(l.Shortcut, x)
		sum := r.activation(y.shape)
		for i := range sum.values {
			sum.values[i] = y.values[i] + z.values[i]
		}
		return sum
	default:
		panic(fmt.Sprintf("reference_test.go has no case for a %T", l))
	}
}

// norm normalises each group of images on its own. Image n belongs to group n mod l.Groups.
func (r *reference) norm(l layers.BatchNorm, x activation) activation {
	groups, channels := min(max(1, l.Groups), r.batch), x.shape.Channels
	y := r.activation(x.shape)
	runningMean, runningVariance := make([]float64, channels), make([]float64, channels)
	for group := range groups {
		for channel := range channels {
			each := func(f func(at int, v float64)) {
				for n := group; n < r.batch; n += groups {
					for i := channel; i < x.shape.Size(); i += channels {
						f(n*x.shape.Size()+i, x.values[n*x.shape.Size()+i])
					}
				}
			}
			var count, mean, variance float64
			each(func(int, float64) { count++ })
			each(func(_ int, v float64) { mean += v / count })
			each(func(_ int, v float64) { variance += (v - mean) * (v - mean) / count })
			scale := 1.0
			if !l.FrozenScale {
				scale = r.vars[l.Name+"/scale"][channel]
			}
			each(func(i int, v float64) {
				y.values[i] = (v-mean)/math.Sqrt(variance+cmp.Or(l.Epsilon, 1e-5))*scale + r.vars[l.Name+"/bias"][channel]
			})
			runningMean[channel] += mean / float64(groups)
			runningVariance[channel] += variance * count / max(count-1, 1) / float64(groups)
		}
	}
	r.statistics[l.Name+"/mean"], r.statistics[l.Name+"/variance"] = runningMean, runningVariance
	return y
}

func (r *reference) activation(s data.Shape) activation {
	return activation{s, make([]float64, r.batch*s.Size())}
}

// each calls f for every value.
func (a activation) each(f func(n, y, x, c int, v *float64)) {
	for i := range a.values {
		pixel := i / a.shape.Channels
		f(pixel/a.shape.Width/a.shape.Height, pixel/a.shape.Width%a.shape.Height, pixel%a.shape.Width,
			i%a.shape.Channels, &a.values[i])
	}
}

// taps calls f for every product in a convolution: y[out] += w[weight]·x[in], as indices.
func taps(in data.Shape, batch, channels, kernel, stride int, f func(out, weight, in int)) {
	height, width, pad := (in.Height+stride-1)/stride, (in.Width+stride-1)/stride, kernel/2
	for n := range batch {
		for oy := range height {
			for ox := range width {
				for o := range channels {
					for ky := range kernel {
						for kx := range kernel {
							y, x := oy*stride+ky-pad, ox*stride+kx-pad
							if y < 0 || y >= in.Height || x < 0 || x >= in.Width {
								continue
							}
							for c := range in.Channels {
								f(((n*height+oy)*width+ox)*channels+o, ((o*kernel+ky)*kernel+kx)*in.Channels+c,
									((n*in.Height+y)*in.Width+x)*in.Channels+c)
							}
						}
					}
				}
			}
		}
	}
}

func convolve(x activation, w []float64, batch, channels, kernel, stride int) activation {
	shape := data.Shape{
		Height: (x.shape.Height + stride - 1) / stride, Width: (x.shape.Width + stride - 1) / stride, Channels: channels,
	}
	y := activation{shape, make([]float64, batch*shape.Size())}
	taps(x.shape, batch, channels, kernel, stride, func(out, weight, in int) {
		y.values[out] += w[weight] * x.values[in]
	})
	return y
}
