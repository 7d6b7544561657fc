package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
)

const (
	redrawEvery = 100 * time.Millisecond // as often as the eye follows
	lineEvery   = 10 * time.Second       // where every line stays
	widest      = 100                    // columns; longer lines are hard to read
)

// Progress shows how far the training is: a bar on a terminal, and elsewhere a plain line every ten
// seconds. It is for one goroutine.
type Progress struct {
	// Prefix stands before everything that is shown.
	Prefix string

	w    io.Writer
	size func() (columns, rows int) // 0: not a terminal

	runs, run int // how many there will be, and which it is, from 1
	shown     int // columns to blank before something else is printed
	last      time.Time

	// Where the clock that predicts the end was started: after the first step, which takes longer.
	since     time.Time
	sinceDone int
}

// NewProgress shows the progress of a number of runs on stderr if that is a terminal, so that the
// program's output can be sent elsewhere, else on stdout if that is one, else in plain lines on stderr.
func NewProgress(runs int, stdout, stderr io.Writer) *Progress {
	w := stderr
	if columns, _ := Size(stderr); columns == 0 {
		if columns, _ = Size(stdout); columns > 0 {
			w = stdout
		}
	}
	return &Progress{w: w, size: func() (int, int) { return Size(w) }, runs: runs}
}

// Start says that a run begins with something that reports no progress, such as "compiling".
func (p *Progress) Start(doing string) {
	p.run++
	if columns, _ := p.size(); columns > 0 {
		p.draw(p.Prefix+doing+" ...", columns)
	}
}

// Step shows a step; give it to fastresnet.WithProgress.
func (p *Progress) Step(s fastresnet.Progress) {
	now := time.Now()
	done, total := s.Step+s.Steps*(s.Epoch-1+s.Epochs*(p.run-1)), p.runs*s.Epochs*s.Steps
	if p.since.IsZero() {
		p.since, p.sinceDone = now, done
	}
	left := ""
	if done > p.sinceDone {
		each := now.Sub(p.since).Seconds() / float64(done-p.sinceDone)
		left = duration(each*float64(total-done)) + " left"
	}

	columns, _ := p.size()
	wait := redrawEvery
	if columns == 0 {
		wait = lineEvery
		if p.last.IsZero() {
			p.last = now // the first line, too, comes after the wait
		}
	}
	if now.Sub(p.last) < wait && (columns == 0 || s.Step < s.Steps) {
		return
	}
	p.last = now
	if columns == 0 {
		fmt.Fprintln(p.w, p.Prefix+plain(s, left))
		return
	}
	p.draw(bar(p.Prefix, s, left, min(columns, widest)-1), columns) // the last column would break the line
}

// Count shows how much of something is done, on a terminal alone.
func (p *Progress) Count(doing string, done, total int) {
	columns, _ := p.size()
	if now := time.Now(); columns > 0 && now.Sub(p.last) >= redrawEvery {
		p.last = now
		p.draw(fmt.Sprintf("%s%s: %s of %s", p.Prefix, doing, Count(done), Count(total)), columns)
	}
}

// Clear takes the bar off the screen, for something else to be printed there.
func (p *Progress) Clear() {
	if p.shown > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// draw replaces what is shown. It overwrites rather than erases, which every terminal can do.
func (p *Progress) draw(line string, columns int) {
	line = truncate(line, columns-1)
	length := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, min(p.shown, columns-1)-length)))
	p.shown = length
}

// bar is the line of a terminal, of a number of columns.
func bar(prefix string, s fastresnet.Progress, left string, columns int) string {
	const shortest, longest = 8, 40
	head := fmt.Sprintf("%sepoch %d/%d ", prefix, s.Epoch, s.Epochs)
	tail := fmt.Sprintf(" %3d %%", 100*s.Step/s.Steps)
	if s.ImagesPerSecond > 0 {
		tail += "  " + rate(s)
	}
	if left != "" {
		tail += "  " + left
	}
	if s.Step == s.Steps {
		tail = " testing ..."
	}
	// The bar is as long whatever stands behind it.
	const tailColumns = len(" 100 %  100,000 images/s  1h00m00s left")
	length := min(columns-len(head)-tailColumns, longest)
	if length < shortest {
		return truncate(head+strings.TrimSpace(tail), columns)
	}
	full := length * s.Step / s.Steps
	return truncate(head+strings.Repeat("█", full)+strings.Repeat("░", length-full)+tail, columns)
}

// plain is the line that stands for the bar where there is no terminal.
func plain(s fastresnet.Progress, left string) string {
	parts := []string{fmt.Sprintf("epoch %d/%d: step %d of %d", s.Epoch, s.Epochs, s.Step, s.Steps)}
	if s.ImagesPerSecond > 0 {
		parts = append(parts, rate(s))
	}
	if left != "" {
		parts = append(parts, left)
	}
	return strings.Join(parts, ", ")
}

func rate(s fastresnet.Progress) string { return Count(int(s.ImagesPerSecond+0.5)) + " images/s" }

func duration(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

func truncate(line string, columns int) string {
	runes := []rune(line)
	return string(runes[:max(0, min(columns, len(runes)))])
}
