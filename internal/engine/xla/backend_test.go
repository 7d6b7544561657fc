package xla

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
	_ "github.com/fastresnet/fastresnet/internal/engine/cpu" // registers "go"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go" with GoMLX
)

// GoMLX's backend in pure Go, slow and independent of ours, runs the same programs as XLA does. Operations are in
// sequence: by default it runs independent ones at once, each holding a worker while it waits for workers of its own,
// so that enough large matrix products in one graph wait for each other for ever. (To propose upstream: a node that
// waits should give its worker back.)
const gomlx = "gomlx"

func init() {
	engine.Register(func(_, _ string, _ engine.Opening) (*engine.Device, error) {
		backend, err := compute.NewWithConfig("go:ops_sequential")
		if err != nil {
			return nil, err
		}
		return opened(gomlx, backend), nil
	}, gomlx)
}

// each runs f as a subtest on GoMLX's backend in pure Go, and on XLA's.
func each(t *testing.T, f func(t *testing.T, d *engine.Device)) {
	t.Run(gomlx, func(t *testing.T) { f(t, enginetest.Open(t, gomlx)) })
	t.Run("xla", func(t *testing.T) { f(t, enginetest.Open(t, testbackend.XLA(t))) })
}

func TestConform(t *testing.T) { each(t, enginetest.Conform) }

// deviceOf is the engine's side of an open backend.
func deviceOf(d *engine.Device) *device { return d.Backend.(*device) }
