package golden

// splitmix64 returns a function that gives the outputs of the splitmix64 generator, one a call, seeded with the 64-bit
// FNV-1a hash of the name.
func splitmix64(name string) func() uint64 {
	state := uint64(0xCBF29CE484222325)
	for _, b := range []byte(name) {
		state = (state ^ uint64(b)) * 0x100000001B3
	}
	return func() uint64 {
		state += 0x9E3779B97F4A7C15
		z := state
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		return z ^ z>>31
	}
}

// uniform returns the n values of the named tensor, uniform in offset ± bound, in the tensor's stored order. Each is
// computed in float64 and rounded to float32 once.
func uniform(name string, n int, bound, offset float64) []float32 {
	next := splitmix64(name)
	values := make([]float32, n)
	for i := range values {
		u := float64(next()>>40)*0x1p-24*2 - 1 // exact: a multiple of 2^-23
		values[i] = float32(offset + float64(u*bound))
	}
	return values
}

// labels returns the n labels of the named batch, uniform in 0 to 9.
func labels(name string, n int) []int32 {
	next := splitmix64(name)
	values := make([]int32, n)
	for i := range values {
		values[i] = int32(next() % 10)
	}
	return values
}
