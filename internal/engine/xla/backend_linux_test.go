package xla

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
)

// Buffers of GoMLX's own backend are Go's to collect.
func TestMemoryIsSteady(t *testing.T) {
	enginetest.MemoryIsSteady(t, enginetest.Open(t, testbackend.XLA(t)))
}
