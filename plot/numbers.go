package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet/internal/digits"
)

// tickLabel is a number with so many decimals, or with an exponent if that is shorter.
func tickLabel(v float64, decimals int) string {
	if v == 0 {
		return "0"
	}
	if size := math.Abs(v); decimals > 6 || size >= 1e7 {
		return exponent(strconv.FormatFloat(v, 'g', 4, 64))
	}
	return minus(digits.Group(strconv.FormatFloat(v, 'f', decimals, 64)))
}

// exponent writes 1e-05 as 1e−5.
func exponent(s string) string {
	for _, sign := range []string{"e-0", "e+0"} {
		s = strings.ReplaceAll(s, sign, sign[:2])
	}
	return minus(strings.ReplaceAll(s, "e+", "e"))
}

// minus writes a number with the sign that is as wide as a plus.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// shortNumber is a number with three digits that count.
func shortNumber(v float64) string {
	if size := math.Abs(v); size != 0 && (size < 1e-4 || size >= 1e6) {
		return exponent(strconv.FormatFloat(v, 'g', 3, 64))
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return minus(strconv.FormatFloat(v, 'f', -1, 64))
}

// percent is a share with as many decimals as accuracies have.
func percent(share float64) string {
	if !isFinite(100 * share) {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*share)
}
