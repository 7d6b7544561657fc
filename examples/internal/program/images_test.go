package program_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

func TestImages(t *testing.T) {
	for _, test := range []struct {
		name, from                                 string
		trainLimit, testLimit, wantTrain, wantTest int
	}{
		{"drawn", program.SyntheticImages, 30, 20, 30, 20},
		{"drawn, limits beyond CIFAR-10", program.SyntheticImages, 60_000, 60_000, 50_000, 10_000},
		{"read", "auto", 0, 0, 50_000, 10_000},
		{"read and limited", "auto", 256, 100, 256, 100},
		{"limits beyond the sets", "auto", 60_000, 60_000, 50_000, 10_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.from == "auto" && os.Getenv("FASTRESNET_DATA") == "" {
				t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to read")
			}
			train, images, err := program.Images(test.from, test.trainLimit, test.testLimit)
			if err != nil {
				t.Fatal(err)
			}
			if train.Len() != test.wantTrain || images.Len() != test.wantTest {
				t.Errorf("%d and %d images, want %d and %d", train.Len(), images.Len(), test.wantTrain, test.wantTest)
			}
		})
	}
}

// Where CIFAR-10 is not there, the error says how it is had.
func TestImagesThatAreMissing(t *testing.T) {
	_, _, err := program.Images(t.TempDir(), 0, 0)
	if !errors.Is(err, data.ErrNotFound) || !strings.HasSuffix(err.Error(), program.Fetching) {
		t.Errorf("error %v, want one that ends with %q", err, program.Fetching)
	}
}
