package kernels

import (
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// TestLayouts wants the fields that the assembly reads where its generators think that they are.
func TestLayouts(t *testing.T) {
	var a AffineGradient
	got := map[string]uintptr{
		"gain": unsafe.Offsetof(a.Gain), "shift": unsafe.Offsetof(a.Shift),
		"kind": unsafe.Offsetof(a.F) + unsafe.Offsetof(a.F.Kind), "alpha": unsafe.Offsetof(a.F) + unsafe.Offsetof(a.F.Alpha),
		"inverse": unsafe.Offsetof(a.F) + unsafe.Offsetof(a.F.Inverse), "mean": unsafe.Offsetof(a.Mean),
		"xGain": unsafe.Offsetof(a.XGain), "constant": unsafe.Offsetof(a.Constant),
	}
	want := map[string]uintptr{
		"gain": 0, "shift": 64, "kind": 128, "alpha": 136, "inverse": 140, "mean": 144, "xGain": 208, "constant": 272,
	}
	if diff := cmp.Diff(want, got); diff != "" && unsafe.Sizeof(uintptr(0)) == 8 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := [...]ActivationKind{Identity, ReLU, CELU, GELU, SiLU}; got != [...]ActivationKind{0, 1, 2, 3, 4} {
		t.Errorf("kinds of activation are %v", got)
	}
}
