// Package resample says what the choices of augmentations stand for that are numbers in a range, and parts and turns of an
// image by them: once for the host and for devices, which must take the same pixels.
package resample

import "math"

// Levels is how many values a choice has that stands for a number in a range: it is 0 to 100.
const Levels = 101

// Between is the number in a range that a choice stands for.
func Between(choice int32, least, most float64) float64 {
	return least + (most-least)*float64(choice)/(Levels-1)
}

// Window is a part of an image, in pixels and parts of them: its sides and its corner.
type Window struct{ Height, Width, Top, Left float64 }

// Windows are the parts of an image that can be chosen.
type Windows struct {
	// Least and Most are the shares of the image's area.
	Least, Most float64
	// Aspect is by how many times more than the image's the width may be to the height, or the height to the width.
	Aspect float64
}

// Of is the window that choices (share, aspect, top, left) stand for in an image: its sides are no longer than the image's.
func (w Windows) Of(height, width int, choice []int32) Window {
	area := Between(choice[0], w.Least, w.Most) * float64(height*width)
	ratio := math.Exp(Between(choice[1], -math.Log(w.Aspect), math.Log(w.Aspect))) // width to height, beside the image's
	ratio *= float64(width) / float64(height)
	chosen := Window{
		Height: min(float64(height), math.Sqrt(area/ratio)),
		Width:  min(float64(width), math.Sqrt(area*ratio)),
	}
	chosen.Top = Between(choice[2], 0, float64(height)-chosen.Height)
	chosen.Left = Between(choice[3], 0, float64(width)-chosen.Width)
	return chosen
}

// Angle is the sine and the cosine of the angle that a choice stands for, from degrees one way to degrees the other way.
func Angle(choice int32, degrees float64) (sin, cos float64) {
	return math.Sincos(Between(choice, -degrees, degrees) * math.Pi / 180)
}
