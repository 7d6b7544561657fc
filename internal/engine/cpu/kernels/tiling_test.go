package kernels

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTiling(t *testing.T) {
	for _, tt := range []struct {
		wide, narrow, channels int
		want                   Tiling
	}{
		{6, 4, 1, Tiling{0, 4}},
		{6, 4, 4, Tiling{0, 4}},
		{6, 4, 5, Tiling{0, 6}},
		{6, 4, 7, Tiling{0, 4, 8}},
		{6, 4, 12, Tiling{0, 6, 12}},
		{6, 4, 16, Tiling{0, 6, 12, 16}},
		{6, 4, 20, Tiling{0, 6, 12, 16, 20}},
		{5, 2, 1, Tiling{0, 2}},
		{5, 2, 3, Tiling{0, 2, 4}},
		{5, 2, 13, Tiling{0, 5, 7, 9, 11, 13}},
		{4, 1, 6, Tiling{0, 4, 5, 6}},
	} {
		s := Set{WideTile: tt.wide, NarrowTile: tt.narrow}
		if diff := cmp.Diff(tt.want, s.Tiling(tt.channels)); diff != "" {
			t.Errorf("tiles of %d and %d for %d channels (-want +got):\n%s", tt.wide, tt.narrow, tt.channels, diff)
		}
	}
}
