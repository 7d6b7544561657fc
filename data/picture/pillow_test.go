package picture_test

import (
	"archive/zip"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data/picture"
)

// TestPillow decodes pictures of many kinds, and compares each pixel with what Pillow makes of them.
func TestPillow(t *testing.T) {
	archive, err := zip.OpenReader("testdata/pillow.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	content := func(name string) []byte {
		file, err := archive.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		all, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	pictures := 0
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, ".rgba") {
			continue
		}
		pictures++
		t.Run(f.Name, func(t *testing.T) {
			img, err := picture.Decode(context.Background(), content(f.Name))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, img, content(f.Name+".rgba"), tolerance(f.Name))
		})
	}
	if pictures < 60 {
		t.Errorf("%d pictures", pictures)
	}
}

// tolerance is how many levels a picture may differ by. Lossless pictures do not; for lossy WebP it is what rounding
// does, and for JPEG what decoders do differently: the transform, and the colours between samples.
func tolerance(name string) int {
	switch {
	case strings.HasPrefix(name, "lossless"), strings.HasPrefix(name, "turned") && path.Ext(name) != ".jpg":
		return 0
	case path.Ext(name) == ".webp":
		return 2
	case strings.HasPrefix(name, "42") && strings.Contains(name, "7x5"):
		return 64 // colours change by as much from pixel to pixel, and there is one sample for two of them, or four
	case strings.HasPrefix(name, "420"):
		return 24
	case strings.HasPrefix(name, "422"):
		return 16
	case path.Ext(name) == ".jpg":
		return 3
	}
	return 0
}

// compare fails unless an image is the one wanted, up to a number of levels. The colour of what cannot be seen does not
// matter.
func compare(t *testing.T, img image.Image, want []byte, tolerance int) {
	t.Helper()
	size := image.Pt(int(binary.LittleEndian.Uint16(want)), int(binary.LittleEndian.Uint16(want[2:])))
	b := img.Bounds()
	if b.Size() != size {
		t.Fatalf("size %v, want %v", b.Size(), size)
	}
	worst, where := 0, ""
	for y := range size.Y {
		for x := range size.X {
			p := want[4+4*(y*size.X+x):]
			got := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			if got.A == 0 && p[3] == 0 {
				continue
			}
			for c, v := range []uint8{got.R, got.G, got.B, got.A} {
				if d := max(int(v), int(p[c])) - min(int(v), int(p[c])); d > worst {
					worst, where = d, image.Pt(x, y).String()+": "+"RGBA"[c:c+1]
				}
			}
		}
	}
	if worst > tolerance {
		t.Errorf("off by %d at %s, want %d at most", worst, where, tolerance)
	}
}
