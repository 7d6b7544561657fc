// Package reflection says what is beyond the edge of an image where it goes on as in a mirror, without the edge itself.
package reflection

// Of is the index in [0, n) that i, less than n outside of it, is the reflection of.
func Of(i, n int) int {
	if i < 0 {
		return -i
	}
	if i >= n {
		return 2*(n-1) - i
	}
	return i
}
