package xla

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/fastresnet/fastresnet/internal/testbackend"
)

func TestMemoryIsSteady(t *testing.T) {
	enginetest.MemoryIsSteady(t, enginetest.Open(t, testbackend.XLA(t)))
}
