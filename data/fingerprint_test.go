package data_test

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

// Checkpoints and results of studies hold fingerprints: they must not change, and differ where sets do.
func TestFingerprint(t *testing.T) {
	set := func(pixel uint8, label int, class string) *data.Dataset {
		d, err := data.New([]uint8{1, 2, 3, pixel}, data.Shape{Height: 1, Width: 2, Channels: 1}, []int{0, label}, []string{"a", class})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const want = `2 images of 1x2x1 in ["a" "b"] (sha256 8e3f98e575991b44)`
	if got := set(4, 1, "b").Fingerprint(); got != want {
		t.Errorf("Fingerprint = %s, want %s", got, want)
	}
	long := strings.Repeat("b", 5000)
	const wantLong = `2 images of 1x2x1 in 2 classes (sha256 `
	if got := set(4, 1, long).Fingerprint(); !strings.HasPrefix(got, wantLong) {
		t.Errorf("Fingerprint of long names = %s, want %s and so on", got, wantLong)
	}
	seen := map[string]string{}
	for name, d := range map[string]*data.Dataset{
		"the set": set(4, 1, "b"), "another pixel": set(5, 1, "b"), "another label": set(4, 0, "b"), "another class": set(4, 1, "c"), "nil": nil,
		"a long name": set(4, 1, long), "another long name": set(4, 1, long[1:]), "its pixel": set(5, 1, long),
	} {
		if other, same := seen[d.Fingerprint()]; same {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[d.Fingerprint()] = name
	}
}
