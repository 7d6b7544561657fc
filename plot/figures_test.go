package plot_test

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/plot"
	"github.com/fastresnet/fastresnet/schedule"
)

// rising is a curve of FindRate whose loss falls the fastest in its middle, at a rate of 0.1.
func rising(n int) (curve []fastresnet.RatePoint) {
	for i := range n {
		x := float64(i) / float64(max(1, n-1))
		curve = append(curve, fastresnet.RatePoint{Step: i + 1, Rate: 1e-3 * math.Pow(1e4, x), Loss: 2.3 - 1.5/(1+math.Exp(-20*(x-0.5)))})
	}
	return curve
}

func design(t *testing.T, name string) layers.Network {
	t.Helper()
	d, err := layers.DesignByName(name)
	if err != nil {
		t.Fatal(err)
	}
	n, err := d.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Each figure has the texts that it should, is well formed, and is drawn in both forms and styles.
func TestFigures(t *testing.T) {
	hostile := []string{"<script>", "a & b", "שלום", "🐈 cat", "\x00\x1b[31m", strings.Repeat("long ", 100), "x\u202ey"}
	model, set, e := evaluated(t, 6, hostile...)
	_, _, one := evaluated(t, 6, "alone")
	_, _, hundred := evaluated(t, 2, numbered(100)...)
	deep := layers.Network{Name: "</svg>", Input: data.Shape{Height: 8, Width: 8, Channels: 3}, Layers: []layers.Layer{layers.Conv{Name: "c", Out: 4, Kernel: 3, Stride: 1}, layers.GlobalMaxPool{}}}
	inner := []layers.Layer{layers.ReLU{}}
	for range 14 {
		inner = []layers.Layer{layers.Residual{Branch: inner, Shortcut: []layers.Layer{layers.ReLU{}}}}
	}
	deep.Layers = append(inner, deep.Layers...)
	for _, tt := range []struct {
		name   string
		figure plot.Figure
		want   []string // texts
	}{
		{"schedule", plot.Schedule(fastresnet.ResNet9Epochs24()), []string{"learning rate", "0.2", "epoch"}},
		{"schedule of groups", plot.Schedule(fastresnet.Airbench94Muon()), []string{"learning rate", "rate of biases"}},
		{"schedule of 0", plot.Schedule(fastresnet.Recipe{Schedule: schedule.Constant(0)}), []string{"learning rate", "1.0"}},
		{"rates", plot.Rates(rising(101)), []string{"falls fastest at 0.1", "0.01"}},
		{"rates of one step", plot.Rates(rising(1)), []string{"loss by learning rate"}},
		{"rates that are no numbers", plot.Rates(append(rising(101), fastresnet.RatePoint{Rate: math.NaN()}, fastresnet.RatePoint{Rate: 20, Loss: math.Inf(1)})), []string{"falls fastest at 0.1"}},
		{"confusion", plot.Confusion(e), []string{"<script>", "a & b", "שלום", "🐈 cat", "\ufffd\ufffd[31m", "xy", "a row for each class, a column for what its images are taken for"}},
		{"confusion of one class", plot.Confusion(one), []string{"100.00 % of 6 images right", "alone", "6", "100 %"}},
		{"confusion of a hundred", plot.Confusion(hundred), []string{"1 class 0 of a kind", "100 class 99 of a kind", "50"}},
		{"calibration", plot.Calibration(e), []string{fmt.Sprintf("calibration error %.2f %%, 42 images", 100*e.CalibrationError(15)), "images"}},
		{"mistakes", plot.Mistakes(e, set, 8), []string{"taken for "}},
		{"images", plot.Images([]image.Image{set.Image(0), nil, set.Image(1)}, []string{"a<b\ntwo\nthree", "\x00"}), []string{"a<b", "two", "three", "\ufffd"}},
		{"filters", plot.Filters(model), []string{"prep/conv/weight: 4 filters of 3×3"}},
		{"resnet9", plot.Network(design(t, "resnet9")), []string{"resnet9", "6,573,120 parameters, 379,261,952 multiply-adds an image", "Conv 3×3/1 → 512", "32×32×3", "Scale ×0.125", "BatchNorm · ReLU · MaxPool 2×2"}},
		{"dawn", plot.Network(design(t, "dawn")), []string{"Conv 1×1/2 → 128", "8,192"}},
		{"deep", plot.Network(deep), []string{"</svg>"}},
		{"bars", plot.Bars("accuracy, %", plot.Bar{Name: "a<b", Value: 42, Deviation: 0.25, Published: 55}, plot.Bar{Name: "c"}, plot.Bar{Name: "lost", Value: math.NaN()}),
			[]string{"accuracy, %", "a<b", "42.00 ± 0.25", "0", "–", "measured", "published"}},
		{"bars beyond all numbers", plot.Bars("", plot.Bar{Value: math.MaxFloat64, Deviation: math.MaxFloat64, Published: math.Inf(1)}), nil},
		{"bars of nothing", plot.Bars("seconds", plot.Bar{}), []string{"seconds", "0", "1.0"}},
		{"short bars", plot.Bars("seconds an image", plot.Bar{Value: 4e-7, Deviation: 1.25e-9}, plot.Bar{Value: 2e-7}), []string{"4e−7 ± 1.25e−9", "2e−7", "3e−7"}},
		{"a name as macOS stores it", plot.Bars("guests", plot.Bar{Name: "Cafe\u0301", Value: 1}), []string{"Caf\u00e9"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			light, texts := asSVG(t, tt.figure, plot.Style{})
			dark, _ := asSVG(t, tt.figure, plot.Style{Dark: true, Width: 320})
			for _, want := range tt.want {
				if !slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(text, want) }) {
					t.Errorf("no text %q among %q", want, texts)
				}
			}
			if strings.Contains(light, "NaN") || strings.Contains(light, "<script") {
				t.Error("there is what should not be in an SVG")
			}
			if light == dark {
				t.Error("both styles are the same")
			}
			if len(light) > 200_000 {
				t.Errorf("%d bytes", len(light))
			}
			a, b := asPNG(t, tt.figure, plot.Style{Scale: 1}), asPNG(t, tt.figure, plot.Style{Scale: 1, Dark: true})
			if pixels(a, white) == 0 || pixels(b, black) == 0 || pixels(a, black) > pixels(a, white) {
				t.Error("the grounds are not those of the styles")
			}
		})
	}
}

func TestFiguresOfNothing(t *testing.T) {
	_, set, e := evaluated(t, 6, "a", "b")
	other, err := set.Only("a")
	if err != nil {
		t.Fatal(err)
	}
	closed, _, _ := evaluated(t, 6, "a", "b")
	closed.Close()
	linear := layers.Network{Name: "linear", Input: data.Shape{Height: 1, Width: 1, Channels: 3}}
	for _, tt := range []struct {
		name   string
		figure plot.Figure
		want   string
	}{
		{"schedule", plot.Schedule(fastresnet.Recipe{}), "no knots"},
		{"rates", plot.Rates(nil), "no loss"},
		{"rates that are no numbers", plot.Rates([]fastresnet.RatePoint{{Rate: 1, Loss: math.NaN()}, {Loss: 1}}), "no loss"},
		{"confusion", plot.Confusion(fastresnet.Evaluation{}), "no images"},
		{"calibration", plot.Calibration(fastresnet.Evaluation{}), "no images"},
		{"mistakes", plot.Mistakes(fastresnet.Evaluation{}, set, 3), "no mistake"},
		{"no mistakes wanted", plot.Mistakes(e, set, -1), "no mistake"},
		{"mistakes of no set", plot.Mistakes(e, nil, 3), "no mistake"},
		{"mistakes of another set", plot.Mistakes(e, other, 3), "another set"},
		{"images", plot.Images(nil, nil), "no image"},
		{"more captions than images", plot.Images([]image.Image{set.Image(0)}, []string{"a", "b"}), "2 captions are more than the 1 image"},
		{"filters of nil", plot.Filters(nil), "model is nil"},
		{"filters of a closed model", plot.Filters(closed), "closed"},
		{"network", plot.Network(layers.Network{}), "input shape"},
		{"network without layers", plot.Network(linear), "no layers"},
		{"bars", plot.Bars("nothing"), "0 bars"},
		{"a bar below 0", plot.Bars("", plot.Bar{Name: "loss", Value: -1}), `"loss" has a value below 0`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.figure.Err(); !errors.Is(err, fastresnet.ErrArgument) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want an error with %q", err, tt.want)
			}
		})
	}
}

// Numbers below bars do not run into each other where there is little room.
func TestNarrowBars(t *testing.T) {
	f := plot.Bars("images", plot.Bar{Name: strings.Repeat("long ", 20), Value: 1_234_567, Deviation: 12_345})
	document, _ := asSVG(t, f, plot.Style{Width: 320})
	numbers := regexp.MustCompile(`<text x="([\d.]+)"[^>]* text-anchor="middle" textLength="([\d.]+)"`).FindAllStringSubmatch(document, -1)
	if len(numbers) == 0 {
		t.Fatal("there are none")
	}
	end := math.Inf(-1)
	for _, n := range numbers {
		var at, width float64
		if _, err := fmt.Sscan(n[1], &at); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(n[2], &width); err != nil {
			t.Fatal(err)
		}
		if at-width/2 < end {
			t.Errorf("one about %g begins before that to its left ends, at %g", at, end)
		}
		end = at + width/2
	}
}

// Images are in their places, as large as these allow in their proportions, and enlarged pixel by pixel; there is something in the
// place of a caption.
func TestImages(t *testing.T) {
	square, wide := testpicture.Image(32, 32), testpicture.Image(300, 20)
	blue, red := color.NRGBA{B: 255, A: 255}, color.NRGBA{R: 255, A: 255}
	for _, tt := range []struct {
		name     string
		images   []image.Image
		captions []string
		height   int
		want     map[image.Point]color.NRGBA // in some places
	}{
		// Four places of 135 pixels with gaps of 12 are in a row.
		{"one", []image.Image{square}, nil, 12 + 135 + 12,
			map[image.Point]color.NRGBA{{12, 12}: blue, {78, 78}: blue, {80, 12}: red, {146, 146}: red, {11, 12}: white, {147, 146}: white, {12, 147}: white}},
		{"a caption of two lines", []image.Image{square}, []string{"a\nb"}, 12 + 135 + 42, nil},
		{"five, of which the second is nil", []image.Image{square, nil, square, square, square}, []string{"a"}, 12 + 2*(135+28),
			map[image.Point]color.NRGBA{{159, 12}: white, {306, 12}: blue, {12, 175}: blue, {12, 174}: white}},
		{"of several sizes", []image.Image{square, wide}, nil, 39, // 38.4
			map[image.Point]color.NRGBA{{71, 13}: white, {72, 13}: blue, {86, 25}: red, {87, 25}: white, {159, 14}: white, {159, 15}: blue, {293, 23}: red, {293, 24}: white}},
		{"none with pixels", []image.Image{nil, image.NewNRGBA(image.Rectangle{})}, nil, 12 + 12, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := asPNG(t, plot.Images(tt.images, tt.captions), plot.Style{Scale: 1})
			if got := img.Bounds().Dy(); got != tt.height {
				t.Errorf("the figure is %d pixels high, want %d", got, tt.height)
			}
			for p, want := range tt.want {
				if got := color.NRGBAModel.Convert(img.At(p.X, p.Y)); got != want {
					t.Errorf("at %v: %v, want %v", p, got, want)
				}
			}
		})
	}
	captioned := asPNG(t, plot.Images([]image.Image{square}, []string{"caption"}), plot.Style{Scale: 1})
	ink := 0
	for y := 147; y < 147+28; y++ {
		for x := 12; x < 147; x++ {
			if color.NRGBAModel.Convert(captioned.At(x, y)) != white {
				ink++
			}
		}
	}
	if ink < 50 {
		t.Errorf("%d pixels of a caption", ink)
	}
}

// A filter's largest values are a full colour, and 0 is grey.
func TestFilters(t *testing.T) {
	model, _, _ := evaluated(t, 6, "a", "b")
	weights, err := model.Weights()
	if err != nil {
		t.Fatal(err)
	}
	values := weights["prep/conv/weight"][:27] // the first filter, [3, 3, 3]
	largest := float32(0)
	for _, v := range values {
		largest = max(largest, v, -v)
	}
	img := asPNG(t, plot.Filters(model), plot.Style{Scale: 1})
	// Eight places of 66.5 pixels with gaps of 6 are in a row, so that a value has 22 pixels.
	for i := range 9 {
		at := image.Pt(12+22*(i%3)+11, 32+22*(i/3)+11)
		r, g, b, _ := img.At(at.X, at.Y).RGBA()
		for channel, got := range []uint32{r >> 8, g >> 8, b >> 8} {
			want := 127.5 + 127.5*float64(values[3*i+channel]/largest)
			if math.Abs(float64(got)-want) > 1.1 {
				t.Errorf("value %d, channel %d at %v is drawn as %d, want %.1f", i, channel, at, got, want)
			}
		}
	}
}
