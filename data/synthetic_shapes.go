package data

// All lengths in this file are integers in 1/256 pixel, so that every platform
// draws the same bytes: floating point may be fused differently from one
// architecture to the next. No intermediate value leaves 32 bits.

// synthPixel is the length of one pixel.
const synthPixel = 256

// synthFigure is what one image draws: the lengths of a class's figure.
type synthFigure struct {
	size  int // radius of a shape, or period of a texture
	inner int // radius of the ring's hole or of a dot, or half the width of the cross's arms
}

// synthClass is one class of [Synthetic].
type synthClass struct {
	name    string
	size    [2]int // smallest and largest size, in pixels
	inner   [2]int // smallest and largest inner length, in percent of the size
	texture bool   // repeats over the whole image, so that the centre may lie anywhere

	// margin is how far the point (x, y) lies inside the figure, negative outside. It needs to be
	// exact only within a pixel of the outline, where it becomes the coverage of a smooth edge.
	margin func(f synthFigure, x, y int) int
}

// synthClasses lists the classes in label order. Each looks the same after a left-right flip and a
// small shift, the usual augmentations of 32x32 images, which is why no stripes are slanted.
var synthClasses = [...]synthClass{
	{name: "disc", size: [2]int{5, 11}, margin: marginDisc},
	{name: "ring", size: [2]int{6, 12}, inner: [2]int{45, 65}, margin: marginRing},
	{name: "square", size: [2]int{5, 10}, margin: marginSquare},
	{name: "triangle", size: [2]int{7, 14}, margin: marginTriangle},
	{name: "cross", size: [2]int{6, 12}, inner: [2]int{25, 36}, margin: marginCross},
	{name: "star", size: [2]int{7, 14}, margin: marginStar},
	{name: "horizontal stripes", size: [2]int{4, 10}, texture: true, margin: marginHorizontal},
	{name: "vertical stripes", size: [2]int{4, 10}, texture: true, margin: marginVertical},
	{name: "checkerboard", size: [2]int{7, 14}, texture: true, margin: marginChecker},
	{name: "dots", size: [2]int{7, 11}, inner: [2]int{27, 35}, texture: true, margin: marginDots},
}

// marginCircle is exact on the circle and has the slope of the distance there,
// which spares a square root.
func marginCircle(radius, x, y int) int {
	return (radius*radius - x*x - y*y) / (2 * radius)
}

func marginDisc(f synthFigure, x, y int) int { return marginCircle(f.size, x, y) }

func marginRing(f synthFigure, x, y int) int {
	return min(marginCircle(f.size, x, y), -marginCircle(f.inner, x, y))
}

func marginSquare(f synthFigure, x, y int) int {
	return f.size - max(abs(x), abs(y))
}

// marginTriangle is an equilateral triangle standing on its base, with its
// corners at distance size from the centre. 887/1024 is the sine of 60 degrees.
func marginTriangle(f synthFigure, x, y int) int {
	return f.size/2 - max(y, (887*abs(x)-512*y)/1024)
}

func marginCross(f synthFigure, x, y int) int {
	long, short := max(abs(x), abs(y)), min(abs(x), abs(y))
	return min(f.size-long, f.inner-short)
}

// marginStar is a five-pointed star with its points at distance size from the
// centre. Five lines bound it, each joining two points; the star is what lies
// beyond at most one of them, so its margin is the second smallest of the five.
// Image rows count downwards, so the upper point lies towards negative y. The
// factors over 1024 are sines and cosines of multiples of 18 degrees.
func marginStar(f synthFigure, x, y int) int {
	x = abs(x) // the star is its own mirror image
	first, second := -y, -1<<30
	for _, along := range [...]int{
		(974*x - 316*y) / 1024,
		(-974*x - 316*y) / 1024,
		(602*x + 828*y) / 1024,
		(-602*x + 828*y) / 1024,
	} {
		second = max(second, min(first, along))
		first = max(first, along)
	}
	return f.size*316/1024 - second
}

func marginHorizontal(f synthFigure, _, y int) int { return wave(y, f.size) }

func marginVertical(f synthFigure, x, _ int) int { return wave(x, f.size) }

// marginChecker is inside where exactly one of two crossing sets of stripes is not.
func marginChecker(f synthFigure, x, y int) int {
	across, down := wave(x, f.size), wave(y, f.size)
	return max(min(across, down), min(-across, -down))
}

func marginDots(f synthFigure, x, y int) int {
	quarter := f.size / 4
	return marginCircle(f.inner, wave(x, f.size)+quarter, wave(y, f.size)+quarter)
}

// wave is a triangle wave of the given period and slope one, between minus and
// plus a quarter of the period: the signed distance to the edge of a stripe.
func wave(v, period int) int {
	v %= period
	if v < 0 {
		v += period
	}
	return abs(v-period/2) - period/4
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
