package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/plot"
)

// asPNG is the picture of a figure.
func asPNG(t *testing.T, f plot.Figure, s plot.Style) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := f.PNG(&b, s); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// asSVG is a figure's document, and the texts in it.
func asSVG(t *testing.T, f plot.Figure, s plot.Style) (document string, texts []string) {
	t.Helper()
	var b bytes.Buffer
	if err := f.SVG(&b, s); err != nil {
		t.Fatal(err)
	}
	document = b.String()
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if err == io.EOF {
			return document, texts
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !slices.Contains([]string{"svg", "path", "rect", "text", "image"}, token.Name.Local) {
				t.Errorf("an element <%s>", token.Name.Local)
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				texts = append(texts, text)
			}
		}
	}
}

// pixels counts those of a colour.
func pixels(img image.Image, of color.NRGBA) (n int) {
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.NRGBAModel.Convert(img.At(x, y)) == of {
				n++
			}
		}
	}
	return n
}

// The grounds of both styles, and the first two colours of each.
var (
	white, black    = color.NRGBA{0xff, 0xff, 0xff, 0xff}, color.NRGBA{0x0d, 0x11, 0x17, 0xff}
	blue, orange    = color.NRGBA{0x00, 0x72, 0xb2, 0xff}, color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	skyBlue, yellow = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}, color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
)

func TestStyle(t *testing.T) {
	f := plot.Curves(run("", 12, true))
	for _, tt := range []struct {
		name          string
		style         plot.Style
		width         int // of the PNG
		ground        color.NRGBA
		first, second color.NRGBA
	}{
		{"default", plot.Style{}, 1200, white, blue, orange},
		{"dark", plot.Style{Dark: true}, 1200, black, skyBlue, yellow},
		{"transparent", plot.Style{Transparent: true}, 1200, color.NRGBA{}, blue, orange},
		{"transparent and dark", plot.Style{Transparent: true, Dark: true}, 1200, color.NRGBA{}, skyBlue, yellow},
		{"wide", plot.Style{Width: 900, Scale: 1}, 900, white, blue, orange},
		{"narrow", plot.Style{Width: 320, Scale: 3}, 960, white, blue, orange},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := asPNG(t, f, tt.style)
			if got := img.Bounds().Dx(); got != tt.width {
				t.Errorf("%d pixels wide, want %d", got, tt.width)
			}
			if got := color.NRGBAModel.Convert(img.At(1, 1)); got != tt.ground {
				t.Errorf("the ground is %v, want %v", got, tt.ground)
			}
			for _, c := range []color.NRGBA{tt.first, tt.second} {
				if n := pixels(img, c); n < 300 {
					t.Errorf("%d pixels of %v, want a line", n, c)
				}
			}
			document, _ := asSVG(t, f, tt.style)
			again, _ := asSVG(t, f, tt.style)
			if document != again {
				t.Error("the same figure is drawn in two ways")
			}
		})
	}
}

func TestErrors(t *testing.T) {
	good := plot.Curves(run("", 3, true))
	for _, tt := range []struct {
		name   string
		figure plot.Figure
		style  plot.Style
		want   string
	}{
		{"zero figure", plot.Figure{}, plot.Style{}, "the figure is zero"},
		{"no runs", plot.Curves(), plot.Style{}, "no run has a whole epoch"},
		{"no epoch", plot.Curves(fastresnet.Record{}), plot.Style{}, "no run has a whole epoch"},
		{"no whole epoch", plot.Curves(fastresnet.Record{Epochs: []fastresnet.Epoch{{Number: 1, Partial: true}}}), plot.Style{}, "no run has a whole epoch"},
		{"too narrow", good, plot.Style{Width: 100}, "width of 100"},
		{"too wide", good, plot.Style{Width: 1 << 40}, "need 320 to 4096"},
		{"scale", good, plot.Style{Scale: -1}, "scale of -1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for form, write := range map[string]func(io.Writer, plot.Style) error{"PNG": tt.figure.PNG, "SVG": tt.figure.SVG} {
				var b bytes.Buffer
				if err := write(&b, tt.style); !errors.Is(err, fastresnet.ErrArgument) || !strings.Contains(err.Error(), tt.want) || b.Len() > 0 {
					t.Errorf("%s: %v and %d bytes, want an error with %q", form, err, b.Len(), tt.want)
				}
			}
			if (tt.figure.Err() == nil) != (tt.style != plot.Style{}) {
				t.Errorf("Err is %v", tt.figure.Err())
			}
		})
	}
	// A writer's own error comes through.
	for form, write := range map[string]func(io.Writer, plot.Style) error{"PNG": good.PNG, "SVG": good.SVG} {
		if err := write(full{}, plot.Style{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: %v", form, err)
		}
	}
}

// A PNG of more pixels than there may be is refused before memory is taken for it; an SVG has none.
func TestTooManyPixels(t *testing.T) {
	f := plot.Bars("many", make([]plot.Bar, 200)...)
	style := plot.Style{Width: 4096, Scale: 4}
	var b bytes.Buffer
	if err := f.PNG(&b, style); !errors.Is(err, fastresnet.ErrArgument) || !strings.Contains(err.Error(), "more than 67108864") || b.Len() > 0 {
		t.Errorf("%v and %d bytes, want an error", err, b.Len())
	}
	asSVG(t, f, style)
}

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
