//go:build amd64 || arm64

package cpu

import "math"

// wide holds the constants of exponential and normal in every lane, for the assembly, whose generators know their
// order.
//
//lint:ignore U1000 read by the assembly alone
var wide = struct {
	one, minusHalf                                vector
	exponentLow, log2E, roundingBias              vector
	minusLn2High, minusLn2Low                     vector
	power2, power3, power4, power5, power6        vector
	normalLow, normalHigh, normalDensity, normalT vector
	normal1, normal2, normal3, normal4, normal5   vector
}{
	one:           fill(1),
	minusHalf:     fill(-0.5),
	exponentLow:   fill(exponentLow),
	log2E:         fill(math.Log2E),
	roundingBias:  fill(roundingBias),
	minusLn2High:  fill(-ln2High),
	minusLn2Low:   fill(-ln2Low),
	power2:        fill(power2),
	power3:        fill(power3),
	power4:        fill(power4),
	power5:        fill(power5),
	power6:        fill(power6),
	normalLow:     fill(-normalHigh),
	normalHigh:    fill(normalHigh),
	normalDensity: fill(normalDensity),
	normalT:       fill(normalT),
	normal1:       fill(normal1),
	normal2:       fill(normal2),
	normal3:       fill(normal3),
	normal4:       fill(normal4),
	normal5:       fill(normal5),
}
