// Package report writes a run, or several side by side, as one HTML page: what came of it, its curves, what the model takes for
// what, the worst mistakes, how far its probabilities can be trusted, the recipe and how to repeat it.
//
// [HTML] writes a file that holds everything it needs and asks no network for anything: it can be kept beside the model, sent by
// mail, printed and read offline, in light and dark, from the width of a phone on. [Live] is the same page while the run goes on.
//
// What users have named, such as classes and files, is text on the page and never markup. The page says what a person needs to
// judge and repeat a run; it is not meant for programs, which read the JSON of a [fastresnet.Record].
package report

import (
	"cmp"
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// Run is a run to report.
type Run struct {
	// Name tells it from others on the page; "" for the recipe's name and the seed.
	Name string
	// Record is what the run was, and how it went.
	Record fastresnet.Record
	// Evaluation is how well the model does on images that were held out: confusions, mistakes, calibration, and what the
	// threshold does that the model had then. The page goes without them where it is nil.
	Evaluation *fastresnet.Evaluation
	// Images are those that were evaluated, in their order, for the pictures of mistakes. Without them, nil, mistakes have
	// only their labels.
	Images *data.Dataset
	// Command is what starts the run again in a shell; "" for none. The page has a Go program in any case. Control characters but
	// for newlines are replaced.
	Command string

	running bool // it goes on
}

// HTML writes a page on the runs, in UTF-8. A usual run takes a few hundred kilobytes, most of them its curves and the pictures
// of its worst mistakes, of which there are 24 at most, or 12 for each of several runs, scaled to 96 pixels where they are larger.
//
// The error wraps [fastresnet.ErrArgument] if there is no run, if a run's Images are not those that were evaluated, or
// its recipe cannot be written as JSON, as one without an optimizer; else it is that of w, which may have part of the page then.
func HTML(w io.Writer, runs ...Run) error {
	if len(runs) == 0 {
		return fmt.Errorf("%w: no run to report", fastresnet.ErrArgument)
	}
	p, err := newPage(runs)
	if err != nil {
		return err
	}
	return p.write(w)
}

// check reports a record that is none of a run, and images that are not those that were evaluated.
func (r Run) check() error {
	switch {
	case r.Record.Recipe.Optimizer == nil:
		return fmt.Errorf("%w: run %q has a record that is empty, or whose recipe has no optimizer: need that of a Result, or Model.Record",
			fastresnet.ErrArgument, r.name())
	case r.Images == nil:
		return nil
	case r.Evaluation == nil:
		return fmt.Errorf("%w: run %q has images, and no evaluation of them", fastresnet.ErrArgument, r.name())
	case r.Images.Len() != r.Evaluation.Images():
		return fmt.Errorf("%w: run %q has %d images, and an evaluation of %d: need those that were evaluated, and no others",
			fastresnet.ErrArgument, r.name(), r.Images.Len(), r.Evaluation.Images())
	}
	return nil
}

// name is the run's, or one that is made of its recipe and seed.
func (r Run) name() string {
	return cmp.Or(r.Name, fmt.Sprintf("%s, seed %d", cmp.Or(r.Record.Recipe.Name, "a recipe of one's own"), r.Record.Seed))
}
