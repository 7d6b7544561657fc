package main

import (
	"bytes"
	"testing"

	"github.com/fastresnet/fastresnet/internal/hostmemory"
)

// Pictures of which some are held out are there twice for a while, and may take half of the memory.
func TestMemoryForHeldOut(t *testing.T) {
	if hostmemory.Free() == 0 {
		t.Skip("how much memory is free is not known here")
	}
	folder := draw(t, 20, "disc", "cross")
	for _, tt := range []struct {
		name string
		args []string
		half bool
	}{
		{"held out", []string{"-train", folder}, true},
		{"of a folder of its own", []string{"-train", folder, "-test", folder}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			before := hostmemory.Free()
			s, err := parse(tt.args, &out)
			if err == nil {
				_, _, err = s.read(t.Context(), &out, &out)
			}
			if err != nil {
				t.Fatal(err)
			}
			limit, free := s.reader.MemoryLimit, max(before, hostmemory.Free())
			if (limit > 0) != tt.half || limit > free*3/4 {
				t.Errorf("the pictures may take %d bytes of %d that are free", limit, free)
			}
		})
	}
}
