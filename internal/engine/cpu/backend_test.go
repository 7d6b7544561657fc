package cpu_test

import (
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/google/go-cmp/cmp"
)

func TestConform(t *testing.T) {
	for _, name := range []string{"go", "go:direct"} {
		t.Run(name, func(t *testing.T) { enginetest.Conform(t, enginetest.Open(t, name)) })
	}
}

func TestSameSeedSameBits(t *testing.T) {
	set := enginetest.Synthetic(t, 48)
	d := enginetest.Open(t, "go")
	cfg := enginetest.Config(t, set, 16)
	history, variables := enginetest.Train(t, enginetest.NewTrainer(t, d, cfg, set), 2)
	again, variablesAgain := enginetest.Train(t, enginetest.NewTrainer(t, d, cfg, set), 2)
	if diff := cmp.Diff(history, again); diff != "" {
		t.Errorf("history (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(variables, variablesAgain); diff != "" {
		t.Error("the same seed ended in other weights")
	}
	cfg.Seed++
	other, _ := enginetest.Train(t, enginetest.NewTrainer(t, d, cfg, set), 2)
	if cmp.Equal(history, other) {
		t.Error("another seed gave the same history")
	}
}

func TestUseMoreDevicesThanThereAre(t *testing.T) {
	d := enginetest.Open(t, "go")
	if err := d.Use(2); !errors.Is(err, engine.ErrBackend) {
		t.Errorf("two devices of pure Go: error %v, want %v", err, engine.ErrBackend)
	}
}
