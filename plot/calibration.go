package plot

import (
	"fmt"
	"image/color"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// Calibration draws a reliability diagram: the images in 15 bins by the probability of the class that the model takes them for,
// the share of each bin that is right, how far that is from the bin's mean probability, and below how many images
// the bins have. The title has the calibration error. The figure has an error for an evaluation of no images.
func Calibration(e fastresnet.Evaluation) Figure {
	const bins = 15 // as in [fastresnet.Evaluation.CalibrationError]'s source
	images := e.Images()
	if images == 0 {
		return nothing("the evaluation has no images")
	}
	all, most := e.Calibration(bins), 0
	for _, b := range all {
		most = max(most, b.Images)
	}
	off := e.CalibrationError(bins)
	return Figure{draw: func(c *canvas) { drawCalibration(c, all, images, most, off) }}
}

func drawCalibration(c *canvas, bins []fastresnet.CalibrationBin, images, most int, off float64) {
	const diagram, counts, gap = 250., 130., 6.
	title := fmt.Sprintf("calibration error %s, %s", percent(off), digits.Plural(images, "image"))
	c.alternative = "Reliability diagram: " + title
	var none color.NRGBA
	top := margin/2 + 26.
	c.title(margin, margin/2+14, title)
	top += legend(c, top-4, []entry{
		{name: "share that is right", colour: c.series[0], square: true},
		{name: "gap to the mean probability", colour: c.wrong, square: true},
		{name: "no gap", colour: c.theme.text, dash: trainingDash},
	})
	x := linear(0, 1, 10, false, false)
	height := linear(0, float64(most), 2, true, true)
	// Both have the same room for their numbers, so that the bins are one above the other.
	shares := linear(0, 1, 5, false, true)
	room := max(shares.widest(), height.widest())
	p := newPanelWithRoom(c, margin, top-14, c.width-margin, top-14+diagram, "", "", x, shares, room)
	q := newPanelWithRoom(c, margin, top-14+diagram-14, c.width-margin, top-14+diagram-14+counts, "images", "probability of the predicted class", x, height, room)
	c.height = top - 14 + diagram - 14 + counts + 4
	for _, b := range bins {
		if b.Images == 0 {
			continue
		}
		left, right := p.xOf(b.From)+1, p.xOf(b.To)-1
		level, wanted := p.yOf(b.Accuracy()), p.yOf(b.Probability)
		c.box(left, level, right-left, p.bottom-level, 0, c.series[0], none)
		if level != wanted {
			c.box((left+right)/2-gap/2, min(level, wanted), gap, max(level, wanted)-min(level, wanted), 0, c.wrong, none)
		}
		upTo := q.yOf(float64(b.Images))
		c.box(left, upTo, right-left, q.bottom-upTo, 0, c.muted, none)
	}
	c.line(c.theme.text, 1.2, trainingDash, p.place(point{0, 0}), p.place(point{1, 1}))
}
