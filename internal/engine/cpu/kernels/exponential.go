package kernels

import "math"

// Kernels compute e^x as 2^n·e^r, where n is an integer and |r| is at most ln(2)/2. There, e^r-1 is
// r + r²·(a polynomial) up to a relative error of 3e-9: the polynomial with the least greatest one.
const (
	// exponentLow stands for whatever is less: e^-64 adds nothing to numbers of ordinary size, and its
	// products with gradients are not yet denormal, which is slow.
	exponentLow = -64
	// exponentHigh is the greatest number whose exponential they compute.
	exponentHigh = -exponentLow
	// roundingBias has a last place of 1: adding it to a number rounds that to an integer, which is then in
	// the lowest bits.
	roundingBias = 3 << 22
	// ln2High has few enough digits for its product with n to be exact.
	ln2High = 0.693359375
	ln2Low  = math.Ln2 - ln2High

	power2 = 0.49999994
	power3 = 0.166665211
	power4 = 0.041668389
	power5 = 0.00836874545
	power6 = 0.00138145406
)

// exponential is e^x = s·(1+f) for x ≤ exponentHigh as s, a power of 2, and f. So e^x-1 = s·f + (s-1) loses no digits
// where it is small.
func exponential(x float32) (s, f float32) {
	if x < exponentLow {
		x = exponentLow
	}
	biased := x*math.Log2E + roundingBias
	n := biased - roundingBias
	r := x - n*ln2High - n*ln2Low
	f = r + r*r*(power2+r*(power3+r*(power4+r*(power5+r*power6))))
	return math.Float32frombits((math.Float32bits(biased) + 127) << 23), f
}

// sigmoid is 1/(1+e^-x) and e^-x, for x ≥ exponentLow: 1 less the first is their product, which loses no digits.
func sigmoid(x float32) (value, e float32) {
	s, f := exponential(-x)
	e = s*f + s
	return 1 / (1 + e), e
}

// The cumulative normal distribution, by Abramowitz and Stegun's 26.2.17: above 0 it is 1 less the density
// times a polynomial of t = 1/(1+normalT·x) without constant term, with an absolute error below 7.5e-8.
const (
	// normalHigh stands for whatever is greater; the distribution is symmetric.
	normalHigh    = 11
	normalDensity = 0.3989422804 // at 0: 1/√2π
	normalT       = 0.2316419
	normal1       = 0.319381530
	normal2       = -0.356563782
	normal3       = 1.781477937
	normal4       = -1.821255978
	normal5       = 1.330274429
)

// normal is the cumulative normal distribution and its density, for |x| ≤ normalHigh.
func normal(x float32) (cumulative, density float32) {
	s, f := exponential(x * x * -0.5)
	density = normalDensity * (s*f + s)
	t := 1 / (1 + normalT*max(x, -x))
	tail := density * t * (normal1 + t*(normal2+t*(normal3+t*(normal4+t*normal5))))
	if x > 0 {
		return 1 - tail, density
	}
	return tail, density
}
