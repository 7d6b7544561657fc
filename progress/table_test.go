package progress

import (
	"bytes"
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

// The table ends with what it does not show: why the run ended, and whose weights the model has.
func TestConclusion(t *testing.T) {
	epochs := []fastresnet.Epoch{{Number: 1, Tested: true}, {Number: 2, TestAccuracy: 0.75, Tested: true}, {Number: 3, Tested: true}}
	for _, test := range []struct {
		name   string
		record fastresnet.Record
		want   string
	}{
		{"all epochs", fastresnet.Record{}, ""},
		{"stopped", fastresnet.Record{Stopped: fastresnet.NoImprovement}, "stopped after 3 of 8 epochs: no improvement\n"},
		{"the best", fastresnet.Record{BestEpoch: 2}, "the model is that of epoch 2, the best: 75.00 %\n"},
		{"both", fastresnet.Record{Stopped: fastresnet.NoImprovement, BestEpoch: 2},
			"stopped after 3 of 8 epochs: no improvement; the model is that of epoch 2, the best: 75.00 %\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			o := Terminal(&b)
			r := &fastresnet.Result{Record: test.record}
			r.Recipe.Epochs, r.TestImages = 8, 10
			o.Start(r)
			for _, e := range epochs {
				r.Epochs = append(r.Epochs, e)
				o.Epoch(e)
			}
			rows := b.Len()
			if err := o.End(r, nil); err != nil {
				t.Error(err)
			}
			if got := b.String()[rows:]; got != test.want {
				t.Errorf("at the end %q, want %q", got, test.want)
			}
		})
	}
}
