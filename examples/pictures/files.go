package main

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"path/filepath"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/plot"
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

// draw writes the curves of a run, and some of its training pictures as it has changed them.
func (f files) draw(train *data.Dataset, run fastresnet.Record) error {
	if f.curves.Named() {
		if err := writeFigure(f.curves, plot.Curves(run)); err != nil {
			return err
		}
	}
	if !f.augmented.Named() {
		return nil
	}
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
	return writeSheet(f.augmented, images, captions)
}

// writeFigure writes a figure as the end of the file's name says, an SVG or a PNG.
func writeFigure(f *results.File, figure plot.Figure) error {
	write := figure.PNG
	if strings.EqualFold(filepath.Ext(f.Name()), ".svg") {
		write = figure.SVG
	}
	var encoded bytes.Buffer
	if err := write(&encoded, plot.Style{}); err != nil {
		return err
	}
	return f.Write(encoded.Bytes())
}

// writeSheet writes a sheet as a PNG file.
func writeSheet(f *results.File, images []image.Image, captions []string) error {
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture.Sheet(images, captions)); err != nil {
		return err
	}
	return f.Write(encoded.Bytes())
}
