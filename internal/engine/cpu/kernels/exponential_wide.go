//go:build amd64 || arm64

package kernels

import "math"

// wide holds the constants of exponential, sigmoid and normal in every lane, for the assembly, whose generators know
// their order.
//
//lint:ignore U1000 read by the assembly alone
var wide = struct {
	one, minusHalf                                Vector
	exponentLow, exponentHigh                     Vector
	log2E, roundingBias                           Vector
	minusLn2High, minusLn2Low                     Vector
	power2, power3, power4, power5, power6        Vector
	normalLow, normalHigh, normalDensity, normalT Vector
	normal1, normal2, normal3, normal4, normal5   Vector
}{
	one:           Fill(1),
	minusHalf:     Fill(-0.5),
	exponentLow:   Fill(exponentLow),
	exponentHigh:  Fill(exponentHigh),
	log2E:         Fill(math.Log2E),
	roundingBias:  Fill(roundingBias),
	minusLn2High:  Fill(-ln2High),
	minusLn2Low:   Fill(-ln2Low),
	power2:        Fill(power2),
	power3:        Fill(power3),
	power4:        Fill(power4),
	power5:        Fill(power5),
	power6:        Fill(power6),
	normalLow:     Fill(-normalHigh),
	normalHigh:    Fill(normalHigh),
	normalDensity: Fill(normalDensity),
	normalT:       Fill(normalT),
	normal1:       Fill(normal1),
	normal2:       Fill(normal2),
	normal3:       Fill(normal3),
	normal4:       Fill(normal4),
	normal5:       Fill(normal5),
}
