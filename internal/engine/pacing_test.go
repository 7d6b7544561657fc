package engine

import (
	"testing"
	"time"
)

// Several steps are only one dispatch when they are known to fit it.
func TestPacing(t *testing.T) {
	for _, tt := range []struct {
		label   string
		took    []time.Duration
		allowed bool
	}{
		{"nothing is known yet", nil, false},
		{"too little is known", []time.Duration{1, 1}, false},
		{"short steps", []time.Duration{time.Minute, 1, time.Second / 10}, true},
		{"steps too long", []time.Duration{1, 1, time.Second}, false},
		{"steps that became too long", []time.Duration{1, 1, 1, time.Second / 5}, false},
	} {
		t.Run(tt.label, func(t *testing.T) {
			p := pacing{limit: maxDispatch}
			for _, took := range tt.took {
				p.stepped(1, took)
			}
			if got := p.allows(4); got != tt.allowed {
				t.Errorf("four steps allowed: %t, want %t", got, tt.allowed)
			}
		})
	}
}
