package progress

import (
	"math"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

func TestRow(t *testing.T) {
	epoch := fastresnet.Epoch{Number: 2, Rate: 0.0842, TrainLoss: 1.73114, TrainAccuracy: 0.36521, TestLoss: 12.5,
		TestAccuracy: 1, Tested: true, TrainTime: 34250 * time.Millisecond}
	partial, diverged, slow := epoch, epoch, epoch
	slow.Rate = 2e-5
	partial.Tested, diverged.TrainLoss = false, math.NaN()
	for _, test := range []struct {
		name       string
		epoch      fastresnet.Epoch
		tests      bool
		head, want string
	}{
		{"whole", epoch, true, wideHead, "    2  0.0842      1.7311    36.52 %    12.5000  100.00 %     34.2"},
		{"not tested", partial, true, wideHead, "    2  0.0842      1.7311    36.52 %          -         -     34.2"},
		{"diverged", diverged, true, wideHead, "    2  0.0842           -    36.52 %    12.5000  100.00 %     34.2"},
		{"a low rate", slow, true, wideHead, "    2   2e-05      1.7311    36.52 %    12.5000  100.00 %     34.2"},
		{"a run without a test set", partial, false, "epoch      lr  train loss  train acc  seconds", "    2  0.0842      1.7311    36.52 %     34.2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			columns := fitting(0, test.tests)
			if diff := cmp.Diff([]string{test.head, test.want}, []string{head(columns), row(columns, test.epoch)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
