package main

import (
	"image"
	"image/color"
)

// ship draws a ship at sea, with a funnel and a white deckhouse.
func ship(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for py := range height {
		for px := range width {
			x, y := float64(px)/float64(width), float64(py)/float64(height)
			c := color.NRGBA{170, 200, 230, 255} // sky
			switch {
			case y > 0.6 && y < 0.72 && x > 0.12+(y-0.6) && x < 0.9-(y-0.6)/2: // hull
				c = color.NRGBA{40, 40, 50, 255}
			case y > 0.66: // sea
				c = color.NRGBA{30, 70, uint8(110 + 20*((px/3+py/2)%2)), 255}
			case y > 0.45 && x > 0.3 && x < 0.7: // deckhouse
				c = color.NRGBA{235, 235, 235, 255}
			case y > 0.28 && x > 0.45 && x < 0.55: // funnel
				c = color.NRGBA{170, 40, 40, 255}
			}
			img.SetNRGBA(px, py, c)
		}
	}
	return img
}
