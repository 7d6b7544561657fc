package plot_test

import (
	"bytes"
	"errors"
	"image/png"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/plot"
)

// run is one whose training goes as those do.
func run(tested bool) fastresnet.Record {
	var r fastresnet.Record
	for n := 1; n <= 12; n++ {
		fallen := math.Exp(-float64(n) / 4)
		r.Epochs = append(r.Epochs, fastresnet.Epoch{
			Number: n, TrainLoss: 2.3 * fallen, TrainAccuracy: 1 - 0.9*fallen, TestLoss: 0.3 + 2*fallen, TestAccuracy: 0.95 - 0.9*fallen, Tested: tested,
		})
	}
	return r
}

func TestCurves(t *testing.T) {
	drawn := map[bool][]byte{}
	for _, tested := range []bool{true, false} {
		var b bytes.Buffer
		if err := plot.Curves(&b, run(tested)); err != nil {
			t.Fatal(err)
		}
		drawn[tested] = b.Bytes()
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != 1000 || size.Y != 400 {
			t.Errorf("%v pixels", size)
		}
		colours := map[[3]uint32]int{}
		for y := range 400 {
			for x := range 1000 {
				r, g, b, _ := img.At(x, y).RGBA()
				colours[[3]uint32{r >> 8, g >> 8, b >> 8}]++
			}
		}
		if white := colours[[3]uint32{255, 255, 255}]; white < 200_000 || white > 395_000 {
			t.Errorf("%d of 400,000 pixels are white", white)
		}
	}
	if bytes.Equal(drawn[true], drawn[false]) {
		t.Error("the tests are not drawn")
	}
}

func TestCurvesOfNothing(t *testing.T) {
	partial := fastresnet.Record{Epochs: []fastresnet.Epoch{{Number: 1, Partial: true}}}
	for _, r := range []fastresnet.Record{{}, partial} {
		if err := plot.Curves(&bytes.Buffer{}, r); !errors.Is(err, fastresnet.ErrArgument) {
			t.Errorf("%d epochs: %v", len(r.Epochs), err)
		}
	}
}
