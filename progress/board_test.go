package progress

import (
	"testing"

	"github.com/fastresnet/fastresnet"
)

// A run may end within its last epoch, and keep an incomplete batch: what is written behind an epoch is at its last step.
func TestBoardSteps(t *testing.T) {
	for _, test := range []struct {
		name   string
		keep   bool
		share  float64 // of a selection; 0 for none
		number int
		images int
		want   int
	}{
		{"whole epochs", false, 0, 2, 64, 16},
		{"an end within the epoch", false, 0, 2, 24, 11},
		{"an incomplete batch", true, 0, 2, 70, 18},
		{"a part of each batch", false, 0.5, 2, 32, 16},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &board{folder: t.TempDir()}
			recipe := fastresnet.Recipe{BatchSize: 8, KeepIncompleteBatch: test.keep}
			if test.share > 0 {
				recipe.Selection = &fastresnet.Selection{Share: test.share}
			}
			b.start(&fastresnet.Result{Record: fastresnet.Record{TrainImages: 70, Recipe: recipe}})
			b.epoch(fastresnet.Epoch{Number: test.number, Images: test.images})
			if err := b.end(nil, nil); err != nil || b.at != test.want {
				t.Errorf("step %d, error %v, want step %d", b.at, err, test.want)
			}
		})
	}
}
