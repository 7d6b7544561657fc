package plot

import "image/color"

// theme are the colours of a style.
type theme struct {
	ground, text, muted, axis, grid color.NRGBA
	// series are for lines, one after the other; the first two are also those of tests and of training.
	series []color.NRGBA
	// heat is what a share of 1 is filled with; one of 0 has the ground's colour.
	heat color.NRGBA
	// wrong is for what is worse than it should be.
	wrong color.NRGBA
}

// The colours of the series are those of Okabe and Ito; those that the ground swallows come last or are left out.
var (
	light = theme{
		ground: rgb(0xffffff), text: rgb(0x1f2328), muted: rgb(0x59636e), axis: rgb(0x8c959f), grid: rgb(0xe4e7eb),
		series: []color.NRGBA{rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xcc79a7), rgb(0xe69f00), rgb(0x56b4e9), rgb(0x1f2328)},
		heat:   rgb(0x0072b2), wrong: rgb(0xd55e00),
	}
	dark = theme{
		ground: rgb(0x0d1117), text: rgb(0xe6edf3), muted: rgb(0x9da7b3), axis: rgb(0x6e7681), grid: rgb(0x262c36),
		series: []color.NRGBA{rgb(0x56b4e9), rgb(0xe69f00), rgb(0x00b586), rgb(0xcc79a7), rgb(0xf0e442), rgb(0xe06a0a), rgb(0xe6edf3)},
		heat:   rgb(0x56b4e9), wrong: rgb(0xe69f00),
	}
)

func rgb(c uint32) color.NRGBA {
	return color.NRGBA{R: uint8(c >> 16), G: uint8(c >> 8), B: uint8(c), A: 0xff}
}

// faded is a colour of which the ground shines through.
func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(float64(c.A)*opacity + 0.5)
	return c
}

// between is the colour a share of the way from one to another.
func between(a, b color.NRGBA, share float64) color.NRGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + float64((float64(b)-float64(a))*share) + 0.5) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 0xff}
}

// luminance is how light a colour is, 0 to 1, by WCAG 2 without its gamma.
func luminance(c color.NRGBA) float64 {
	return (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 255
}

// on is the colour of text on another that is not the ground.
func on(c color.NRGBA) color.NRGBA {
	if luminance(c) > 0.5 {
		return light.text
	}
	return rgb(0xffffff)
}
