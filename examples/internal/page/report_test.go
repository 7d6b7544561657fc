package page

import (
	"context"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// An evaluation that is interrupted is no success, and the run is there without it.
func TestRunInterrupted(t *testing.T) {
	set, err := data.Synthetic(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	result, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1))
	if err != nil {
		t.Fatal(err)
	}
	defer result.Model.Close()
	ctx, cancel := context.WithCancel(t.Context())
	if run, err := Run(ctx, "test", nil, result, set); err != nil || run.Evaluation == nil {
		t.Errorf("evaluation %v, error %v", run.Evaluation, err)
	}
	cancel()
	if run, err := Run(ctx, "test", nil, result, set); !errors.Is(err, context.Canceled) || run.Evaluation != nil || len(run.Record.Epochs) != 1 {
		t.Errorf("evaluation %v of %d epochs, error %v; want %v", run.Evaluation, len(run.Record.Epochs), err, context.Canceled)
	}
}
