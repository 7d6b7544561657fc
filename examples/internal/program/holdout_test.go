package program_test

import (
	"errors"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

func TestHoldOut(t *testing.T) {
	images, err := data.Synthetic(20, 1) // two of each class, of which one is trained on
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		setting float64
		want    int // images held out; 0 for an error
	}{{0.25, 5}, {0.99, 10}, {1, 1}, {3, 3}, {20, 0}, {math.Inf(1), 0}, {0, 0}} {
		train, test, err := program.HoldOut(images, tt.setting, 1)
		switch {
		case tt.want == 0 && !errors.Is(err, data.ErrFormat):
			t.Errorf("%g: %v, want ErrFormat", tt.setting, err)
		case tt.want > 0 && (err != nil || test.Len() != tt.want || train.Len() != 20-tt.want):
			t.Errorf("%g: %v, %v, %v; want %d images held out", tt.setting, train, test, err, tt.want)
		}
	}
}
