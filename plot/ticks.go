package plot

import (
	"math"
	"slices"
)

// axis is what the coordinates of a panel stand for.
type axis struct {
	from, to float64 // from < to, and both above 0 if log
	log      bool
	ticks    []tick
}

// tick is a mark of an axis. One without a label is a smaller mark.
type tick struct {
	at    float64
	label string
}

// share is how far along the axis a value is, 0 to 1.
func (a axis) share(v float64) float64 {
	if a.log {
		return math.Log(v/a.from) / math.Log(a.to/a.from)
	}
	// Divided before the difference is taken, which may be more than any number.
	scale := max(math.Abs(a.from), math.Abs(a.to))
	return (v/scale - a.from/scale) / (a.to/scale - a.from/scale)
}

// linear is an axis that values from one to another are within, with ticks at round numbers, some as many as wanted. It
// ends at ticks where that is asked for. Of nothing but 0 it goes to 1.
func linear(from, to float64, wanted int, whole, atTicks bool) axis {
	const smallest, largest = math.SmallestNonzeroFloat32, math.MaxFloat64 / 4
	switch {
	case from == 0 && to < smallest:
		to = 1
	case !(from < to):
		margin := max(math.Abs(from)/2, 0.5)
		from, to = from-margin, from+margin
	}
	from, to = max(from, -largest), min(to, largest)
	step := roundStep((to - from) / float64(max(1, wanted)))
	if whole {
		step = max(1, step)
	}
	first, last := math.Ceil(from/step-1e-9), math.Floor(to/step+1e-9)
	if atTicks {
		first, last = math.Floor(from/step+1e-9), math.Ceil(to/step-1e-9)
		from, to = first*step, last*step
	}
	a := axis{from: from, to: to}
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	for i := range max(0, int(min(last-first, 100))+1) {
		v := (first + float64(i)) * step
		a.ticks = append(a.ticks, tick{v, tickLabel(v, decimals)})
	}
	return a
}

// roundStep is the smallest of 1, 2, 5, 10 and so on, times a power of ten, that is no less than a length.
func roundStep(length float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(length)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= length*(1-1e-9) {
			return times * power
		}
	}
	return 10 * power
}

// logarithmic is an axis from one value above 0 to another, with numbers at powers of ten, no more than most, or within two
// decades at their doubles and halves too. If the two are so near that this leaves fewer than two numbers, the ticks are those
// of a linear axis.
func logarithmic(from, to float64, most int) axis {
	if !(from < to) {
		from, to = from/2, from*2
	}
	const rounding = 1e-9
	lowest, highest := int(math.Ceil(math.Log10(from)-rounding)), int(math.Floor(math.Log10(to)+rounding)) // powers on the axis
	every, short := max(1, (highest-lowest+most)/max(1, most)), to/from <= 100*(1+rounding)
	a := axis{from: from, to: to, log: true}
	labels := 0
	for power := lowest - 1; power <= highest; power++ {
		for times := 1; times < 10; times++ {
			v := float64(times) * math.Pow(10, float64(power))
			if v < from*(1-rounding) || v > to*(1+rounding) {
				continue
			}
			t := tick{at: v}
			if times == 1 && (power-lowest)%every == 0 || short && (times == 2 || times == 5) {
				t.label = shortNumber(v)
				labels++
			}
			if t.label != "" || every == 1 {
				a.ticks = append(a.ticks, t)
			}
		}
	}
	if labels < 2 {
		a.ticks = linear(from, to, most, false, false).ticks
	}
	return a
}

// spaced are the ticks of an axis that is drawn from left to right, without the labels that there is no room for.
func (a axis) spaced(length float64) []tick {
	const gap = 6
	ticks, before := slices.Clone(a.ticks), math.Inf(-1) // the end of the last label
	for i, t := range ticks {
		at, half := a.share(t.at)*length, widthOf(t.label, smallSize, false)/2
		switch {
		case t.label == "":
		case at-half < before+gap:
			ticks[i].label = ""
		default:
			before = at + half
		}
	}
	return ticks
}
