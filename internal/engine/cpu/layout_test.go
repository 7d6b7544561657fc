package cpu

import (
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// TestLayouts wants the fields that the assembly reads where its generators think that they are.
func TestLayouts(t *testing.T) {
	var a affineGradient
	got := map[string]uintptr{
		"gain": unsafe.Offsetof(a.gain), "shift": unsafe.Offsetof(a.shift),
		"kind": unsafe.Offsetof(a.f) + unsafe.Offsetof(a.f.kind), "alpha": unsafe.Offsetof(a.f) + unsafe.Offsetof(a.f.alpha),
		"inverse": unsafe.Offsetof(a.f) + unsafe.Offsetof(a.f.inverse), "mean": unsafe.Offsetof(a.mean),
		"xGain": unsafe.Offsetof(a.xGain), "constant": unsafe.Offsetof(a.constant),
	}
	want := map[string]uintptr{
		"gain": 0, "shift": 64, "kind": 128, "alpha": 136, "inverse": 140, "mean": 144, "xGain": 208, "constant": 272,
	}
	if diff := cmp.Diff(want, got); diff != "" && unsafe.Sizeof(uintptr(0)) == 8 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := [...]activationKind{identity, relu, celu, gelu}; got != [...]activationKind{0, 1, 2, 3} {
		t.Errorf("kinds of activation are %v", got)
	}
}
