package kernels

import "unsafe"

// convolveChannelsScalar goes through two lanes of three pixels at a time, for the reasons that are at convolveScalar.
// A pixel that is left goes alone, in eight lanes.
func convolveChannelsScalar(y []float32, block int, x []float32, offsets []int, weights []float32, blocks, pixels int, add bool) {
	w, p := unsafe.Pointer(unsafe.SliceData(weights)), 0
	for ; p+3 <= pixels; p += 3 {
		for lane := 0; lane < lanes; lane += 2 {
			var sums [3][2]float32
			if add {
				for i := range sums {
					sums[i] = [2]float32(y[(p+i)*lanes+lane:])
				}
			}
			pixels3x2(&sums, unsafe.Pointer(&x[p*lanes]), offsets, unsafe.Add(w, lane*floatBytes))
			for i := range sums {
				copy(y[(p+i)*lanes+lane:], sums[i][:])
			}
		}
	}
	for ; p < pixels; p++ {
		for lane := 0; lane < lanes; lane += 8 {
			var sums [8]float32
			if add {
				sums = [8]float32(y[p*lanes+lane:])
			}
			pixel8(&sums, unsafe.Pointer(&x[p*lanes]), offsets, unsafe.Add(w, lane*floatBytes))
			copy(y[p*lanes+lane:], sums[:])
		}
	}
}

// vectorBytes is the size of a vector.
const vectorBytes = lanes * floatBytes

// pixels3x2 adds Σk w[k*lanes + lane] · x[offsets[k] + p*lanes] to sums, for three pixels p and two lanes.
func pixels3x2(sums *[3][2]float32, x unsafe.Pointer, offsets []int, w unsafe.Pointer) {
	c00, c01, c10, c11, c20, c21 := sums[0][0], sums[0][1], sums[1][0], sums[1][1], sums[2][0], sums[2][1]
	at := 0
	for _, o := range offsets {
		from, weights := unsafe.Add(x, o*floatBytes), (*[2]float32)(unsafe.Add(w, at))
		v0, v1, v2 := *(*float32)(from), *(*float32)(unsafe.Add(from, vectorBytes)), *(*float32)(unsafe.Add(from, 2*vectorBytes))
		w0, w1 := weights[0], weights[1]
		c00 += w0 * v0
		c01 += w1 * v0
		c10 += w0 * v1
		c11 += w1 * v1
		c20 += w0 * v2
		c21 += w1 * v2
		at += vectorBytes
	}
	*sums = [3][2]float32{{c00, c01}, {c10, c11}, {c20, c21}}
}

// pixel8 is pixels3x2 for one pixel and eight lanes.
func pixel8(sums *[8]float32, x unsafe.Pointer, offsets []int, w unsafe.Pointer) {
	c0, c1, c2, c3, c4, c5, c6, c7 := sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7]
	at := 0
	for _, o := range offsets {
		v, weights := *(*float32)(unsafe.Add(x, o*floatBytes)), (*[8]float32)(unsafe.Add(w, at))
		c0 += weights[0] * v
		c1 += weights[1] * v
		c2 += weights[2] * v
		c3 += weights[3] * v
		c4 += weights[4] * v
		c5 += weights[5] * v
		c6 += weights[6] * v
		c7 += weights[7] * v
		at += vectorBytes
	}
	*sums = [8]float32{c0, c1, c2, c3, c4, c5, c6, c7}
}
