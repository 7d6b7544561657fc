package cpu

// Momentum is one step of stochastic gradient descent with Nesterov momentum and weight decay, in the forms that put
// the rate into the velocity or keep it out:
//
//	d = direction·(g + decay·w);  v ← momentum·v + d;  w ← w + step·(d + momentum·v)
//
// With a direction of -rate and a step of 1, velocities are steps; with a direction of 1 and a step of -rate they are
// gradients.
type Momentum struct{ Direction, Decay, Momentum, Step float32 }

// updateBlock is how many values a task moves: some microseconds of work, and few enough that many processors share a large layer's.
const updateBlock = 1 << 13

// Update moves weights w and their velocities v by the gradients g, all of one length, in one pass over memory.
func (m Momentum) Update(w, v, g []float32) {
	parallel(ceilDiv(len(w), updateBlock), func(i int) {
		first, end := i*updateBlock, min((i+1)*updateBlock, len(w))
		m.update(w[first:end], v[first:end], g[first:end])
	})
}

func (m Momentum) update(w, v, g []float32) {
	v, g = v[:len(w)], g[:len(w)]
	for i := range w {
		d := m.Direction * (g[i] + m.Decay*w[i])
		v[i] = m.Momentum*v[i] + d
		w[i] += m.Step * (d + m.Momentum*v[i])
	}
}
