// Package quantized has weights as integers of 8 bits, with a scale for each output channel.
//
// A weight is its integer, from -127 to 127, times the scale of its channel: symmetric, so that 0 stays 0. The scale is a
// 127th of the channel's largest magnitude, but with a mantissa of 16 bits, cut off. Integer times scale is then a
// float32 without rounding, wherever it is computed, and what has been rounded once is not changed by rounding it again.
package quantized

import (
	"fmt"
	"math"
)

const (
	// Largest is the largest magnitude of an integer.
	Largest = math.MaxInt8
	// cutOff are the bits of a float32 that a scale has not.
	cutOff = 1<<8 - 1
	// smallest is the smallest scale: float32 has all of its bits from here on. What would need a smaller one, a channel
	// whose values are all below 2e-36, becomes 0.
	smallest = 0x1p-126
)

// Round is the nearest integers of finite values, of two that are equally near the even one, and the scales: one for
// each of so many channels, whose values lie one behind the other. The scale of a channel of zeros is 1.
func Round(values []float32, channels int) (integers, scales []float32) {
	integers, scales = make([]float32, len(values)), make([]float32, channels)
	n := len(values) / channels
	for c := range scales {
		channel := values[c*n:][:n]
		scales[c] = scale(channel)
		for i, v := range channel {
			rounded := math.RoundToEven(float64(v) / float64(scales[c]))
			integers[c*n+i] = float32(rounded) + 0 // no negative zero
		}
	}
	return integers, scales
}

// scale is that of a channel.
func scale(channel []float32) float32 {
	largest := 0.0
	for _, v := range channel {
		largest = max(largest, math.Abs(float64(v)))
	}
	s := math.Float32frombits(math.Float32bits(float32(largest/Largest)) &^ cutOff)
	if s < smallest {
		return 1
	}
	return s
}

// Restore is the values of integers and scales. The error says what is none of [Round]'s: a scale that is no positive
// number, or an integer beyond Largest. A value is infinite if its scale makes it so.
func Restore(integers, scales []float32) ([]float32, error) {
	for c, s := range scales {
		if !(s > 0 && s <= math.MaxFloat32) {
			return nil, fmt.Errorf("the scale %g of channel %d, need a positive number", s, c)
		}
	}
	values, n := make([]float32, len(integers)), len(integers)/len(scales)
	for i, v := range integers {
		if !(math.Abs(float64(v)) <= Largest) {
			return nil, fmt.Errorf("the integer %g, need -%d to %[2]d", v, Largest)
		}
		values[i] = v * scales[i/n]
	}
	return values, nil
}
