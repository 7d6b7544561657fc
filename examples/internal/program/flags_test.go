package program

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, ""},
		{"plain", []string{"-rungs", "9-14,17", "-json=a/b_c.json"}, "-rungs 9-14,17 -json=a/b_c.json"},
		{"what a shell would change", []string{"a b", "", "it's", "$HOME"}, `'a b' '' 'it'\''s' '$HOME'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := CommandLine(test.args); got != test.want {
				t.Errorf("CommandLine = %q, want %q", got, test.want)
			}
		})
	}
}

func TestGiven(t *testing.T) {
	got := Given(map[string]bool{"width": true, "seeds": true}, Number{"width", 0, 1}, Number{"epochs", 0, 1}, Number{"seeds", 2, 1})
	if diff := cmp.Diff([]Number{{"width", 0, 1}, {"seeds", 2, 1}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSeedsBeyond(t *testing.T) {
	for _, test := range []struct {
		first uint64
		runs  int
		want  string // "" for none
	}{
		{math.MaxUint64, 1, ""},
		{math.MaxUint64 - 1, 2, ""},
		{math.MaxUint64, 2, "-seed: the seeds of 2 runs from 18446744073709551615 on go beyond the last one, 18446744073709551615"},
		{0, 0, ""},
	} {
		got := ""
		if err := SeedsBeyond("-seed", test.first, test.runs); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%d runs from %d on: %q, want %q", test.runs, test.first, got, test.want)
		}
	}
}

func TestTooSmall(t *testing.T) {
	problems := TooSmall(Number{"width", 0, 1}, Number{"epochs", 0, 0}, Number{"seeds", -1, 1})
	const want = "-width 0: need at least 1\n-seeds -1: need at least 1"
	if err := errors.Join(problems...); err == nil || err.Error() != want {
		t.Errorf("problems %v, want %s", err, want)
	}
}
