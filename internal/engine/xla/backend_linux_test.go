package xla

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
)

func TestMemoryIsSteady(t *testing.T) { each(t, enginetest.MemoryIsSteady) }
