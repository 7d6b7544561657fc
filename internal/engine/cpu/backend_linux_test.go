package cpu_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
)

func TestMemoryIsSteady(t *testing.T) { enginetest.MemoryIsSteady(t, enginetest.Open(t, "go")) }
