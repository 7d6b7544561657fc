package main

import (
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/plot"
	"github.com/fastresnet/fastresnet/report"
)

// sheetSize is how many pictures a sheet has at most.
const sheetSize = 40

// files are those that the flags name.
type files struct{ save, report, curves, mistakes, augmented *results.File }

// openFiles finds out whether they can be written.
func openFiles(s *settings) (f files, err error) {
	var errs [5]error
	f.save, errs[0] = results.Open("save", s.save)
	f.curves, errs[1] = results.Open("curves", s.curves)
	f.mistakes, errs[2] = results.Open("mistakes", s.mistakes)
	f.report, errs[4] = results.Open("report", s.report)
	f.augmented, errs[3] = results.Open("augmented", s.augmented)
	return f, errors.Join(errs[:]...)
}

// saveModel writes the model, and says whether there is a file of it then. There is none of a run that has diverged, whose own
// error says so.
func (f files) saveModel(model *fastresnet.Model) (saved bool, err error) {
	if !f.save.Named() {
		return false, nil
	}
	err = f.save.WriteBy(func(w io.Writer) error { return model.Write(w) })
	if errors.Is(err, fastresnet.ErrDiverged) {
		return false, nil
	}
	return err == nil, err
}

// write writes what came of a run, all that can be, and says where it is, and where the model is if there is a file of it. What a
// run that was interrupted has none of is left out.
func (f files) write(stdout io.Writer, o outcome) error {
	var problems []error
	wrote := func(what string, file *results.File, err error) {
		if err == nil && file.Named() {
			fmt.Fprintf(stdout, "%s: %s\n", what, file.Name())
		}
		problems = append(problems, err)
	}
	if curves := plot.Curves(o.Record); f.curves.Named() && curves.Err() == nil {
		wrote("curves", f.curves, page.WriteFigure(f.curves, curves))
	}
	if f.augmented.Named() {
		wrote("pictures as training changes them", f.augmented, f.writeAugmented(o.Record, o.train))
	}
	switch e := o.page.Evaluation; {
	case !f.mistakes.Named() || e == nil:
	case len(e.Mistakes(1)) == 0:
		fmt.Fprintf(stdout, "the worst mistakes: there are none, so %s is not written\n", f.mistakes.Name())
	default:
		wrote("the worst mistakes", f.mistakes, page.WriteFigure(f.mistakes, plot.Mistakes(*e, o.test, sheetSize)))
	}
	wrote("report", f.report, page.Write(f.report, []report.Run{o.page}))
	if o.saved {
		untested := ""
		if threshold := o.Model.Threshold(); threshold > 0 && o.page.Evaluation == nil {
			untested = fmt.Sprintf("  answers below a probability of %g are unknown; how many that are has not been tested\n", threshold)
		}
		fmt.Fprintf(stdout, "model: %s\n%s  %s PICTURE ...\n", f.save.Name(), untested, page.Command("predict", []string{"-model", f.save.Name()}))
	}
	return errors.Join(problems...)
}

// writeAugmented writes some of the training pictures as the run has changed them.
func (f files) writeAugmented(run fastresnet.Record, train *data.Dataset) error {
	some, err := train.Shuffle(run.Seed)
	if err == nil {
		some, err = some.Slice(0, min(sheetSize, some.Len()))
	}
	if err == nil {
		some, err = some.Augmented(run.Seed, run.Recipe.Augmentations...)
	}
	if err != nil {
		return err
	}
	var images []image.Image
	var captions []string
	for i := range some.Len() {
		images = append(images, some.Image(i))
		captions = append(captions, some.Classes()[some.Label(i)])
	}
	return page.WriteFigure(f.augmented, plot.Images(images, captions))
}
