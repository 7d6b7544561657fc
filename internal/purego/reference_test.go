package purego_test

import (
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
	mapped := func(f func(v float64, c int) float64) activation {
		y := r.activation(in)
		y.each(func(n, oy, ox, c int, v *float64) { *v = f(*x.at(n, oy, ox, c), c) })
		return y
	}
	maximum := func(window []float64) float64 {
		m := window[0]
		for _, v := range window {
			m = max(m, v)
		}
		return m
	}
	switch l := l.(type) {
	case layers.Conv:
		return convolve(x, r.vars[l.Name+"/weight"], r.batch, l.Out, l.Kernel, l.Stride)
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
		mean, variance := make([]float64, in.Channels), make([]float64, in.Channels)
		count := float64(r.batch * in.Height * in.Width)
		x.each(func(_, _, _, c int, v *float64) { mean[c] += *v / count })
		x.each(func(_, _, _, c int, v *float64) { variance[c] += (*v - mean[c]) * (*v - mean[c]) / count })
		return mapped(func(v float64, c int) float64 {
			return (v-mean[c])/math.Sqrt(variance[c]+1e-5)*r.vars[l.Name+"/scale"][c] + r.vars[l.Name+"/bias"][c]
		})
	case layers.ReLU:
		return mapped(func(v float64, _ int) float64 { return max(v, 0) })
	case layers.Scale:
		return mapped(func(v float64, _ int) float64 { return v * l.Factor })
	case layers.MaxPool:
		return pooled(l.Size, l.Size, maximum)
	case layers.GlobalMaxPool:
		return pooled(in.Height, in.Width, maximum)
	case layers.GlobalMeanPool:
		return pooled(in.Height, in.Width, func(window []float64) float64 {
			total := 0.0
			for _, v := range window {
				total += v
			}
			return total / float64(len(window))
		})
	case layers.Residual:
		y, z := r.run(l.Branch, x), r.run(l.Shortcut, x)
		sum := r.activation(y.shape)
		for i := range sum.values {
			sum.values[i] = y.values[i] + z.values[i]
		}
		return sum
	default:
		panic(fmt.Sprintf("no reference for %v", l))
	}
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
