package data

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

const (
	synthSide  = 32 // pixels
	synthBytes = synthSide * synthSide * 3
	synthMax   = 500_000 // images: their bytes still fit a 32-bit int

	// The ground is interpolated between a lattice of colours, one every 8 pixels.
	synthCell  = 8
	synthNodes = synthSide/synthCell + 1

	// A figure must stand out from its ground by this much lightness, of 255, and is the lighter of
	// the two in this many images of a hundred.
	synthContrast     = 36
	synthLightPercent = 75
)

// Synthetic draws n colour images of 32x32 pixels in ten balanced classes: disc, ring, square,
// triangle, cross, star, horizontal stripes, vertical stripes, checkerboard and dots. It needs no
// file and no network, which suits first steps, examples and tests.
//
// Position, size, proportions, tilt and colours vary from image to image, the ground is a blurred
// mixture of colours, and noise lies over everything. Colours are drawn without regard to the
// class. A figure is lighter than its ground in three images of four, which leaves a linear
// classifier on the pixels something to find: it does better than chance, but far worse than a
// small convolutional network. Every class looks the same after a left-right flip and a small
// shift, so those augmentations suit it.
//
// The same n and seed give the same bytes on every platform. Image i and its label depend only on
// seed and i, so a larger set begins with the smaller one. Different seeds give different images of
// the same classes: train with one and test with another. The class counts differ by at most one.
//
// The pixels take 3,072 bytes an image. The error wraps [ErrFormat] when n is not in 1 to 500,000.
func Synthetic(n int, seed uint64) (*Dataset, error) {
	if n < 1 || n > synthMax {
		return nil, fmt.Errorf("%w: %d synthetic images asked for; ask for 1 to %d", ErrFormat, n, synthMax)
	}
	d := &Dataset{
		pixels:  make([]uint8, n*synthBytes),
		shape:   Shape{Height: synthSide, Width: synthSide, Channels: 3},
		labels:  synthLabels(n, seed),
		classes: make([]string, len(synthClasses)),
	}
	for i, class := range synthClasses {
		d.classes[i] = class.name
	}
	for i, label := range d.labels {
		synthDraw(d.at(i), synthClasses[label], newSynthSource(seed, uint64(i)))
	}
	return d, nil
}

// synthLabels shuffles the labels within each run of one image a class, which keeps every prefix
// balanced. Streams from 1<<63 are the runs', those below it the images'.
func synthLabels(n int, seed uint64) []int {
	const classes = len(synthClasses)
	labels := make([]int, 0, n+classes)
	for len(labels) < n {
		source := newSynthSource(seed, 1<<63+uint64(len(labels)))
		run := labels[len(labels):][:classes]
		for i := range run {
			j := source.between(0, i)
			run[i], run[j] = run[j], i
		}
		labels = labels[:len(labels)+classes]
	}
	return labels[:n:n]
}

// synthSource draws the random numbers of one image. It uses only the generator's own 64-bit
// output, whose algorithm is fixed.
type synthSource struct{ pcg rand.PCG }

func newSynthSource(seed, stream uint64) *synthSource {
	s := new(synthSource)
	s.pcg.Seed(seed, stream)
	// Neighbouring streams would start from neighbouring states: draw a state far from them.
	s.pcg.Seed(s.pcg.Uint64(), s.pcg.Uint64())
	return s
}

// between returns a number from low to high, both included.
func (s *synthSource) between(low, high int) int {
	span := uint64(high - low + 1)
	return low + int((s.pcg.Uint64()>>32)*span>>32)
}

// synthColor is red, green and blue, on the scale of a byte but unclamped.
type synthColor [3]int

// luma is the lightness, with the weights of ITU-R BT.601 over 256.
func (c synthColor) luma() int { return (77*c[0] + 150*c[1] + 29*c[2]) >> 8 }

// synthColors draws a figure and a ground colour that differ enough in lightness to be told apart.
func synthColors(s *synthSource) (figure, ground synthColor) {
	var light, dark synthColor
	for light.luma()-dark.luma() < synthContrast {
		for c := range light {
			light[c], dark[c] = s.between(16, 240), s.between(16, 240)
		}
	}
	if s.between(1, 100) <= synthLightPercent {
		return light, dark
	}
	return dark, light
}

// synthGround draws the lattice of colours around the ground colour: a slope across the image, and
// a random step at each node.
func synthGround(s *synthSource, ground synthColor) (nodes [synthNodes][synthNodes]synthColor) {
	patch := s.between(0, 40)
	for c, base := range ground {
		right, down := s.between(-10, 10), s.between(-10, 10)
		for y := range nodes {
			for x := range nodes[y] {
				slope := right*(x-synthNodes/2) + down*(y-synthNodes/2)
				nodes[y][x][c] = base + slope + s.between(-patch, patch)
			}
		}
	}
	return nodes
}

// synthDraw renders one image into pixels, [32, 32, 3].
func synthDraw(pixels []uint8, class synthClass, s *synthSource) {
	size := s.between(class.size[0]*synthPixel, class.size[1]*synthPixel)
	figure := synthFigure{size: size, inner: size * s.between(class.inner[0], class.inner[1]) / 100}
	reach := 4 * synthPixel // how far the centre may lie from the middle of the image
	if class.texture {
		reach = size / 2
	}
	centerX := synthSide*synthPixel/2 + s.between(-reach, reach)
	centerY := synthSide*synthPixel/2 + s.between(-reach, reach)
	tilt := s.between(-210, 210) // tangent of the angle over 1024, up to about 12 degrees
	front, ground := synthColors(s)
	nodes := synthGround(s, ground)
	grain := s.between(2, 12) // half the standard deviation of the noise

	for row := range synthSide {
		upper, lower, down := &nodes[row/synthCell], &nodes[row/synthCell+1], row%synthCell
		for column := range synthSide {
			x := column*synthPixel + synthPixel/2 - centerX
			y := row*synthPixel + synthPixel/2 - centerY
			inside := class.margin(figure, x+tilt*y>>10, y-tilt*x>>10)
			cover := min(max(inside+synthPixel/2, 0), synthPixel)

			left, across := column/synthCell, column%synthCell
			noise := s.pcg.Uint64()
			for c := range 3 {
				top := upper[left][c]*(synthCell-across) + upper[left+1][c]*across
				bottom := lower[left][c]*(synthCell-across) + lower[left+1][c]*across
				back := (top*(synthCell-down) + bottom*down) / (synthCell * synthCell)
				value := (front[c]*cover + back*(synthPixel-cover)) / synthPixel
				// The ones among 16 random bits: mean 8, standard deviation 2.
				value += grain * (bits.OnesCount16(uint16(noise>>(16*c))) - 8)
				pixels[(row*synthSide+column)*3+c] = uint8(min(max(value, 0), 255))
			}
		}
	}
}
