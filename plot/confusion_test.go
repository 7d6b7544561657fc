package plot

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/digits"
)

// Cells have their counts whole, or none of them has one, and a column beside them has shares.
func TestConfusionCounts(t *testing.T) {
	for _, test := range []struct {
		name           string
		count          int
		width          float64
		counts, shares int // texts of each kind
	}{
		{"short", 123, 600, 4, 0},
		{"that fit", 12_345, 600, 4, 0},
		{"too long", 12_345, 420, 0, 2},
		{"too long for any figure of that many classes", 1_234_567_890, 420, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := matrix{names: make([]string, 10), totals: make([]int, 10), counts: make([][]int, 10)}
			for i := range m.names {
				m.names[i], m.counts[i] = strings.Repeat("i", i+1), make([]int, 10)
			}
			for i := range 2 {
				m.counts[i][0], m.counts[i][1], m.totals[i] = test.count, 1, test.count+1
			}
			c := &canvas{theme: light, width: test.width}
			m.draw(c)
			var counts, shares int
			for _, e := range c.elements {
				l, is := e.(label)
				if !is {
					continue
				}
				if strings.Contains(l.text, "…") && strings.ContainsAny(l.text, "0123456789") {
					t.Errorf("a number is cut: %q", l.text)
				}
				if l.text == digits.Count(test.count) || l.text == "1" {
					counts++
				}
				if l.anchor == end && strings.HasSuffix(l.text, " %") {
					shares++
				}
			}
			if counts != test.counts || shares != test.shares {
				t.Errorf("%d counts and %d shares beside the rows, want %d and %d", counts, shares, test.counts, test.shares)
			}
		})
	}
}
