package report

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/fastresnet/fastresnet/internal/digits"
)

// space keeps a number and its unit on one line.
const space = "\u00a0"

// none stands for what there is not.
const none = "–"

// finite says whether a number is one.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// number is a number with some decimals.
func number(v float64, decimals int) string {
	if !finite(v) {
		return "not finite"
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

// percent is a share, 0 to 1, with some decimals.
func percent(share float64, decimals int) string {
	if !finite(share) {
		return "not finite"
	}
	return number(100*share, decimals) + space + "%"
}

// probability is percent for a probability: one that is not 1 is not called 100 %, nor one that is not 0 is called 0 %.
func probability(p float64) string {
	switch {
	case p > 0 && p < 0.001:
		return "<" + space + "0.1" + space + "%"
	case p < 1 && p >= 0.9995:
		return ">" + space + "99.9" + space + "%"
	}
	return percent(p, 1)
}

// plural is a number of things with their name, on one line.
func plural(n int, name string) string { return strings.Replace(digits.Plural(n, name), " ", space, 1) }

// duration is a time in the two units that matter.
func duration(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.0995:
		return number(1000*s, 0) + space + "ms"
	case s < 9.95:
		return number(s, 2) + space + "s"
	case s < 59.95:
		return number(s, 1) + space + "s"
	case s < 3599.5:
		whole := int(math.Round(s))
		return fmt.Sprintf("%d%[3]smin %[2]d%[3]ss", whole/60, whole%60, space)
	default:
		minutes := int(math.Round(s / 60))
		return fmt.Sprintf("%d%[3]sh %[2]d%[3]smin", minutes/60, minutes%60, space)
	}
}

// longest is how many characters a name has on the page at most.
const longest = 120

// clean is text of users as it can stand in a line: control characters, and those that turn the direction of what follows, are
// replaced.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u2028', r == '\u2029':
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

// short is a clean name, the end of which is left out if it is very long.
func short(name string) string {
	if runes := []rune(clean(name)); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return clean(name)
}

// cleaned are texts as they can stand in lines.
func cleaned(texts []string) (all []string) {
	for _, text := range texts {
		all = append(all, clean(text))
	}
	return all
}
