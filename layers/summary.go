package layers

import (
	"fmt"
	"math"
	"strings"

	"github.com/fastresnet/fastresnet/internal/digits"
)

// Summary is a printable table of the network: a line a layer with its output shape, trainable
// parameters and multiply-adds of one image, and their totals. Layers in a residual block are indented,
// those of the shortcut after those of the branch. A pool that drops a last row or column says floor. It is the
// error's text for a network that cannot be resolved.
func (n Network) Summary() string {
	steps, err := n.Plan()
	if err != nil {
		return err.Error()
	}
	rows := [][4]string{{"layer", "output", "parameters", "multiply-adds"}, {"input", n.Input.String()}}
	for _, s := range steps {
		rows = append(rows, [4]string{strings.Repeat("  ", s.Depth) + s.Layer.String(), s.Out.String(),
			countOrBlank(parameters(s)), countOrBlank(s.MultiplyAdds)})
	}
	rows = append(rows, [4]string{"total", "", digits.Count(n.Parameters()), digits.Count(n.MultiplyAdds())})
	var width [4]int
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %*s  %*s  %*s", width[0], r[0], width[1], r[1], width[2], r[2], width[3], r[3])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// Parameters is the number of trainable parameters; 0 for a network that cannot be resolved, and the largest int for one
// that has more, on a 32-bit platform.
func (n Network) Parameters() int {
	steps, err := n.Plan()
	if err != nil {
		return 0
	}
	total := int64(0)
	for _, s := range steps {
		total += parameters(s)
	}
	return int(min(total, math.MaxInt))
}

// MultiplyAdds is the work of one image's forward pass; 0 for a network that cannot be resolved.
func (n Network) MultiplyAdds() int64 {
	steps, err := n.Plan()
	if err != nil {
		return 0
	}
	var total int64
	for _, s := range steps {
		total += s.MultiplyAdds
	}
	return total
}

func parameters(s ResolvedLayer) int64 {
	n := int64(0)
	for _, v := range s.Variables {
		if v.Trainable {
			n += v.size()
		}
	}
	return n
}

func countOrBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return digits.Count(n)
}
