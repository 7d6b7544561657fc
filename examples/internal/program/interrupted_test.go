package program

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestInterrupted(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	full := errors.New("the disk is full")
	stopped := fmt.Errorf("epoch 2: %w", context.Canceled)
	for _, test := range []struct {
		name        string
		ctx         context.Context
		err         error
		want        string // "" for nothing else
		interrupted bool
	}{
		{"nothing", ended, nil, "", false},
		{"its end alone", ended, context.Canceled, "", true},
		{"its end, with where", ended, stopped, "", true},
		{"its end, joined to nothing", ended, errors.Join(stopped, nil), "", true},
		{"something else too", ended, errors.Join(stopped, full), "the disk is full", true},
		{"something else in a join within", ended, errors.Join(errors.Join(stopped, full), errors.New("so is the other")), "the disk is full\nso is the other", true},
		{"something else alone", ended, full, "the disk is full", false},
		{"the end of another context", t.Context(), stopped, "epoch 2: context canceled", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			rest, interrupted := Interrupted(test.ctx, test.err)
			got := ""
			if rest != nil {
				got = rest.Error()
			}
			if got != test.want || interrupted != test.interrupted {
				t.Errorf("%q, %v; want %q, %v", got, interrupted, test.want, test.interrupted)
			}
		})
	}
}
