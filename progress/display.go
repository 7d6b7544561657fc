package progress

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

const (
	redrawEvery = 100 * time.Millisecond // as often as the eye follows
	lineEvery   = 10 * time.Second       // where every line stays
	widest      = 120                    // columns; longer lines are hard to read
)

// Terminal shows a run on w. If that is a terminal, a line at the bottom has a bar with the epoch, the loss, the learning
// rate where there is room, images a second and the time left; above it a table grows, a row an epoch. It fits the
// terminal's width, as that changes too, and uses neither colours nor escape codes. If w is no terminal, or a "dumb" one
// by the environment's TERM, there is the table, and every ten seconds a line in place of the bar. For what a program may
// want otherwise there is [Display].
func Terminal(w io.Writer) fastresnet.Observer {
	return (&Display{Table: w, Bar: w}).Observer()
}

// Display is what [Terminal] shows, with choices. Its methods show what a program does besides training, in the place of
// the bar. It is for one goroutine, and must not be copied once it is used.
type Display struct {
	// Table is where the table of the epochs goes; nil for none. Losses are means, accuracies those of Epoch, and seconds
	// are how long an epoch's training took; "-" stands for what is not known. A terminal too narrow for a column does
	// without it. A line above says from which checkpoint a run goes on, whose epochs are then the first rows.
	Table io.Writer
	// Bar is where the bar goes if that is a terminal, and else a line every ten seconds; nil for none.
	Bar io.Writer
	// Prefix stands before all that Bar shows.
	Prefix string
	// Runs is how many runs there will be, one after the other and of one length, so that the time left is that of all.
	// 0 is 1.
	Runs int
	// Rows limits the rows of a run's table; 0 for no limit. Every n-th epoch and the last have one, with n chosen so that rows
	// fall on tested epochs or, where tests are seldom, all tested epochs have a row.
	Rows int

	size    func(io.Writer) (columns, rows int) // of a terminal, 0 for none; nil for the real one
	failed  error
	shown   int // columns to blank before something else is printed
	last    time.Time
	columns []column // of the last head that was printed

	// Of the run.
	run           int // from 1
	tests         bool
	testEvery     int // epochs
	every, epochs int
	heard, rowed  int // the last whole epoch that ended, and the last one with a row
	taken         int // steps, by the last report

	// When the clock that predicts the end was started, after the first step, which takes longer, and how many steps of all
	// runs were taken since then.
	since time.Time
	timed int
}

// Observer is the display of a run, or of several, one after the other. Its End returns the first error in writing.
func (d *Display) Observer() fastresnet.Observer {
	return fastresnet.Observer{Start: d.start, Step: d.step, Epoch: d.epoch, End: d.end}
}

// Wait says that something goes on that reports no progress, such as "compiling", on a terminal alone.
func (d *Display) Wait(doing string) {
	if columns := d.width(d.Bar); columns > 0 {
		d.draw(d.Prefix+doing+" ...", columns)
	}
}

// Count shows how much of something is done, on a terminal alone.
func (d *Display) Count(doing string, done, total int) {
	if now := time.Now(); now.Sub(d.last) >= redrawEvery {
		if columns := d.width(d.Bar); columns > 0 {
			d.last = now
			d.draw(fmt.Sprintf("%s%s: %s of %s", d.Prefix, doing, digits.Count(done), digits.Count(total)), columns)
		}
	}
}

// Clear takes the bar off the screen, for something else to be printed there.
func (d *Display) Clear() {
	if columns := d.width(d.Bar); d.shown > 0 && columns > 0 {
		d.print(d.Bar, "\r"+strings.Repeat(" ", min(d.shown, columns-1))+"\r")
	}
	d.shown = 0
}

func (d *Display) start(r *fastresnet.Result) {
	d.Clear()
	if d.run >= max(1, d.Runs) {
		d.run, d.since, d.last = 0, time.Time{}, time.Time{}
	}
	d.run++
	d.tests, d.testEvery, d.epochs, d.every = r.TestImages > 0, max(1, r.TestEvery), r.Recipe.Epochs, 1
	if d.Rows > 0 {
		d.every = max(1, (d.epochs+d.Rows-1)/d.Rows)
		for d.testEvery < d.epochs && d.every%d.testEvery != 0 && d.testEvery%d.every != 0 {
			d.every++ // until rows are tested, or all tests have rows; where the last epoch alone is tested, that has one
		}
	}
	d.heard, d.rowed, d.taken, d.columns = len(r.Epochs), 0, 0, nil
	if r.ResumedFrom != "" {
		d.print(d.Table, fmt.Sprintf("resumed from %s\n", filepath.Base(r.ResumedFrom)))
	}
	if d.every > 1 {
		d.print(d.Table, fmt.Sprintf("one in %d epochs:\n", d.every))
	}
	d.head()
	for _, e := range r.Epochs {
		d.row(e)
	}
}

func (d *Display) step(s fastresnet.Progress) {
	now := time.Now()
	if d.since.IsZero() {
		d.since, d.timed = now, 0
	} else {
		d.timed += s.Taken - max(d.taken, d.heard*s.Steps) // none that an earlier run left out, or took before a checkpoint
	}
	d.taken = s.Taken
	left := ""
	if d.timed > 0 {
		each, more := now.Sub(d.since).Seconds()/float64(d.timed), max(1, d.Runs)-d.run
		left = remaining(each*float64(s.Total-s.Taken+more*s.Total)) + " left"
	}

	columns := d.width(d.Bar)
	wait := redrawEvery
	if columns == 0 {
		wait = lineEvery
		if d.last.IsZero() {
			d.last = now // the first line, too, comes after the wait
		}
	}
	if now.Sub(d.last) < wait && (columns == 0 || s.Step < s.Steps) {
		return
	}
	d.last = now
	if columns == 0 {
		d.print(d.Bar, d.Prefix+plain(s, left)+"\n")
		return
	}
	testing := d.tests && s.Step == s.Steps && (s.Epoch%d.testEvery == 0 || s.Epoch == s.Epochs)
	d.draw(bar(d.Prefix, s, left, testing, min(columns, widest)-1), columns) // the last column would break the line
}

func (d *Display) epoch(e fastresnet.Epoch) {
	d.heard = e.Number
	d.row(e)
}

func (d *Display) end(r *fastresnet.Result, _ error) error {
	d.Clear()
	if r == nil {
		return d.failed
	}
	rest := unheard(r, d.heard)
	if len(rest) > 0 && d.rowed < d.heard {
		d.write(r.Epochs[d.heard-1], "") // the last whole one
	}
	for _, e := range rest {
		note := ""
		if e.Partial {
			note = fmt.Sprintf("after %s images", digits.Count(e.Images))
		} else if d.tests && !e.Tested {
			note = "not tested"
		}
		d.write(e, note)
	}
	if n := len(r.Epochs); n > 0 && d.rowed < n {
		d.write(r.Epochs[n-1], "")
	}
	if text := conclusion(r); text != "" {
		d.print(d.Table, text+"\n")
	}
	return d.failed
}

// row prints the row of a whole epoch, if it is one that has a row.
func (d *Display) row(e fastresnet.Epoch) {
	if e.Number%d.every == 0 || e.Number == d.epochs {
		d.write(e, "")
	}
}

// head prints the head of the table, if it is not the one that was printed last: the terminal may have another width.
func (d *Display) head() {
	if d.Table == nil {
		return
	}
	columns := fitting(d.width(d.Table), d.tests)
	if !slices.EqualFunc(columns, d.columns, func(a, b column) bool { return a.name == b.name }) {
		d.print(d.Table, head(columns)+"\n")
	}
	d.columns = columns
}

// write prints a row, with a note behind it or, where that does not fit, below.
func (d *Display) write(e fastresnet.Epoch, note string) {
	if d.rowed = e.Number; d.Table == nil {
		return
	}
	d.Clear()
	d.head()
	text := row(d.columns, e)
	if note != "" {
		between := "  "
		if width := d.width(d.Table); width > 0 && len(text)+len(between)+len(note) > width {
			between = "\n" + between
		}
		text += between + note
	}
	d.print(d.Table, text+"\n")
}

// draw replaces what is shown. It overwrites rather than erases, which every terminal can do.
func (d *Display) draw(line string, columns int) {
	line = truncate(line, columns-1)
	length := utf8.RuneCountInString(line)
	d.print(d.Bar, "\r"+line+strings.Repeat(" ", max(0, min(d.shown, columns-1)-length)))
	d.shown = length
}

// width is that of a terminal; 0 for anything else.
func (d *Display) width(w io.Writer) int {
	size := d.size
	if size == nil {
		size = terminal.Size
	}
	columns, _ := size(w)
	return columns
}

// print writes to w, unless that is nil or there was an error.
func (d *Display) print(w io.Writer, text string) {
	if w != nil && d.failed == nil {
		_, d.failed = w.Write([]byte(text))
	}
}
