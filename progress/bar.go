package progress

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// field is a text behind the bar, with the gap before it.
type field struct {
	text string
	room int // columns that are kept for it, so that the bar is as long whatever stands behind it
}

// gapped is a field for texts as wide as widest; "" for one that is not known yet.
func gapped(text, widest string) field {
	const gap = "  "
	if text != "" {
		text = gap + text
	}
	return field{text, len(gap + widest)}
}

// bar is the line of a terminal, of a number of columns. The loss and the rate are there where a bar is left beside them.
func bar(prefix string, s fastresnet.Progress, left string, testing bool, columns int) string {
	const shortest, longest = 8, 40
	head := fmt.Sprintf("%sepoch %d/%d ", prefix, s.Epoch, s.Epochs)
	fields := []field{
		gapped(fmt.Sprintf("%2d %%", 100*s.Step/s.Steps), "100 %"), gapped(speed(s), "100,000 images/s"), gapped(left, "12m34s left"),
	}
	length := columns - len(head)
	for _, f := range fields {
		length -= f.room
	}
	for i, more := range []field{gapped(lossOf(s), "loss 1.234"), gapped("lr "+rate(s.Rate), "lr 0.1234")} {
		if more.text == "" {
			continue
		}
		if length-more.room < shortest {
			break
		}
		fields = slices.Insert(fields, min(1+i, len(fields)-2), more)
		length -= more.room
	}
	if testing {
		fields = []field{gapped("testing ...", "")}
	}
	line := strings.TrimSpace(head)
	if length >= shortest {
		length = min(length, longest)
		full := length * s.Step / s.Steps
		line = head + strings.Repeat("█", full) + strings.Repeat("░", length-full)
	}
	line = truncate(line, columns)
	for _, f := range fields {
		if utf8.RuneCountInString(line+f.text) <= columns {
			line += f.text
		}
	}
	return line
}

// plain is the line that stands for the bar where there is no terminal.
func plain(s fastresnet.Progress, left string) string {
	parts := []string{fmt.Sprintf("epoch %d/%d: step %d of %d", s.Epoch, s.Epochs, s.Step, s.Steps)}
	for _, part := range []string{lossOf(s), speed(s), left} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// speed is "" as long as it is not known.
func speed(s fastresnet.Progress) string {
	if s.ImagesPerSecond <= 0 {
		return ""
	}
	return digits.Count(int(s.ImagesPerSecond+0.5)) + " images/s"
}

// lossOf is "" where it is not known.
func lossOf(s fastresnet.Progress) string {
	if math.IsNaN(s.Loss) || math.IsInf(s.Loss, 0) {
		return ""
	}
	return fmt.Sprintf("loss %.3f", s.Loss)
}

// remaining is a time as in "34s", "12m34s" or "1h02m".
func remaining(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if d >= time.Hour {
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return d.String()
}

func truncate(line string, columns int) string {
	runes := []rune(line)
	return string(runes[:max(0, min(columns, len(runes)))])
}
