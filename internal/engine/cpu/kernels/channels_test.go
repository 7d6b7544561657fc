package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestConvolveChannels(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for blocks := 1; blocks <= k.ChannelBlocks; blocks++ {
			for pixels := range 27 {
				for _, taps := range []int{0, 1, 2, 9, 20} {
					offsets, weights := randomOffsets(rng, taps), randomNumbers(rng, taps*blocks*lanes)
					block := pixels*lanes + 5*(pixels%3)
					x := poisoned(reach(offsets) + max(0, pixels-1)*lanes + 1)
					for p := range pixels {
						for _, o := range offsets {
							x[o+p*lanes] = randomNumber(rng)
						}
					}
					y := poisoned((blocks-1)*block + pixels*lanes)
					sums, totals := poisoned(len(y)), poisoned(len(y))
					for b := range blocks {
						for p := range pixels {
							for lane := range lanes {
								sum := 0.0
								for k, o := range offsets {
									sum += float64(weights[(k*blocks+b)*lanes+lane]) * float64(x[o+p*lanes])
								}
								i := b*block + p*lanes + lane
								y[i] = randomNumber(rng)
								sums[i], totals[i] = float32(sum), float32(sum+float64(y[i]))
							}
						}
					}
					for _, tt := range []struct {
						add       bool
						old, want []float32
					}{{false, poisoned(len(y)), sums}, {true, y, totals}} {
						m.check(fmt.Sprintf("%d blocks, %d pixels, %d taps, add %v", blocks, pixels, taps, tt.add), func() {
							y, x := place(m, "y", tt.old, tt.want), place(m, "x", x, x)
							offsets, weights := place(m, "offsets", offsets, offsets), place(m, "weights", weights, weights)
							k.ConvolveChannels(y, block, x, offsets, weights, blocks, pixels, tt.add)
						})
					}
				}
			}
		}
	})
}

func TestTranspose(t *testing.T) {
	eachKernels(t, func(k *Set, m *memory, rng *rand.Rand) {
		for _, gap := range []int{0, 3, 16} {
			xRow, yRow := lanes+gap, lanes+2*gap
			x, y := poisoned((lanes-1)*xRow+lanes), poisoned((lanes-1)*yRow+lanes)
			for i := range lanes {
				for j := range lanes {
					v := randomNumber(rng)
					x[i*xRow+j], y[j*yRow+i] = v, v
				}
			}
			m.check(fmt.Sprintf("gap %d", gap), func() {
				k.Transpose(place(m, "y", poisoned(len(y)), y), yRow, place(m, "x", x, x), xRow)
			})
		}
	})
}
