package picture

import (
	"image"
	"image/draw"
)

// onCanvas puts the first frame of a GIF in its place; around it nothing is drawn.
func onCanvas(frame image.Image, canvas image.Rectangle) image.Image {
	if frame.Bounds() == canvas {
		return frame
	}
	whole := image.NewNRGBA(canvas)
	draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return whole
}

// colours gives a WebP picture its colours. Lossy ones hold luma from 16 to 235 and chroma from 16 to 240, by ITU-R
// BT.601 (RFC 6386, 9.2), which package webp returns as if all were from 0 to 255.
func colours(img image.Image) image.Image {
	switch img := img.(type) {
	case *image.YCbCr:
		b := img.Rect
		rgba := image.NewRGBA(b)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			convertRow(rgba.Pix[rgba.PixOffset(b.Min.X, y):], img, y, nil)
		}
		return rgba
	case *image.NYCbCrA:
		b := img.Rect
		nrgba := image.NewNRGBA(b)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			convertRow(nrgba.Pix[nrgba.PixOffset(b.Min.X, y):], &img.YCbCr, y, img.A[img.AOffset(b.Min.X, y):])
		}
		return nrgba
	}
	return img
}

// convertRow writes a row of pixels as red, green, blue and alpha, which is 255 where there is none.
//
// Chroma has half the rows and columns of luma. A pixel's is mixed from the four nearest, in parts of 9, 3, 3 and 1
// sixteenths, as libwebp has it.
func convertRow(to []uint8, img *image.YCbCr, y int, alpha []uint8) {
	b := img.Rect
	chromaHeight := (b.Dy() + 1) / 2
	near := (y - b.Min.Y) / 2
	far := min(max(near+2*((y-b.Min.Y)%2)-1, 0), chromaHeight-1)
	chromaWidth := (b.Dx() + 1) / 2
	rows := [2]int{near * img.CStride, far * img.CStride}
	for x := range b.Dx() {
		left := x / 2
		right := min(max(left+2*(x%2)-1, 0), chromaWidth-1)
		at := [4]int{rows[0] + left, rows[0] + right, rows[1] + left, rows[1] + right}
		luma := 19077 * (int(img.Y[img.YOffset(b.Min.X+x, y)]) - 16)
		cb, cr := mixed(img.Cb, at)-128, mixed(img.Cr, at)-128
		p := to[4*x : 4*x+4]
		p[0] = clamped(luma + 26149*cr)
		p[1] = clamped(luma - 6419*cb - 13320*cr)
		p[2] = clamped(luma + 33050*cb)
		p[3] = 255
		if alpha != nil {
			p[3] = alpha[x]
		}
	}
}

// mixed is a sample between four.
func mixed(samples []uint8, at [4]int) int {
	return (9*int(samples[at[0]]) + 3*int(samples[at[1]]) + 3*int(samples[at[2]]) + int(samples[at[3]]) + 8) / 16
}

// clamped is a sum in parts of 2^14, rounded, as a byte.
func clamped(sum int) uint8 {
	const half, shift = 1 << 13, 14
	return uint8(min(max((sum+half)>>shift, 0), 255))
}
