package fastresnet

import "time"

// stopwatch measures training alone.
type stopwatch struct {
	train      time.Duration // all steps
	steady     time.Duration // all but the first
	images     int           // in the steady time
	lastStep   time.Time
	afterFirst bool
}

func (w *stopwatch) start() { w.lastStep = time.Now() }

// step records that a step over this many images has ended.
func (w *stopwatch) step(images int) {
	now := time.Now()
	took := now.Sub(w.lastStep)
	w.train += took
	if w.afterFirst {
		w.steady += took
		w.images += images
	}
	w.lastStep, w.afterFirst = now, true
}

func (w *stopwatch) imagesPerSecond() float64 {
	if w.steady <= 0 {
		return 0
	}
	return float64(w.images) / w.steady.Seconds()
}
