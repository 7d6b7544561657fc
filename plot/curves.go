// Package plot draws how training went.
package plot

import (
	"fmt"
	"image/color"
	"io"

	"github.com/fastresnet/fastresnet"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Curves writes a PNG of 1000x400 pixels with the history of a run: the losses by epoch, and beside them the accuracies,
// of training and of the tests. Epochs that were not whole, or not tested, are left out. The error wraps
// [fastresnet.ErrArgument] if the run has no whole epoch.
func Curves(w io.Writer, run fastresnet.Record) error {
	losses, accuracies := newPlot("loss"), newPlot("accuracy, %")
	var trainLoss, testLoss, trainAccuracy, testAccuracy plotter.XYs
	for _, e := range run.Epochs {
		if e.Partial {
			continue
		}
		x := float64(e.Number)
		trainLoss = append(trainLoss, plotter.XY{X: x, Y: e.TrainLoss})
		trainAccuracy = append(trainAccuracy, plotter.XY{X: x, Y: 100 * e.TrainAccuracy})
		if e.Tested {
			testLoss = append(testLoss, plotter.XY{X: x, Y: e.TestLoss})
			testAccuracy = append(testAccuracy, plotter.XY{X: x, Y: 100 * e.TestAccuracy})
		}
	}
	if len(trainLoss) == 0 {
		return fmt.Errorf("%w: the run has no whole epoch to draw", fastresnet.ErrArgument)
	}
	losses.Legend.Top, losses.Y.Min = true, 0
	accuracies.Y.Min, accuracies.Y.Max = 0, 100
	for i, c := range []struct {
		to     *plot.Plot
		name   string
		points plotter.XYs
	}{
		{losses, "training", trainLoss}, {losses, "test", testLoss}, {accuracies, "training", trainAccuracy}, {accuracies, "test", testAccuracy},
	} {
		if err := addLine(c.to, i%2, c.name, c.points); err != nil {
			return err
		}
	}

	const width, height, dpi = 1000, 400, 96
	canvas := vgimg.NewWith(vgimg.UseWH(width*vg.Inch/dpi, height*vg.Inch/dpi), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: 24, PadTop: 8, PadBottom: 8, PadLeft: 8, PadRight: 16}
	row := []*plot.Plot{losses, accuracies}
	for i, c := range plot.Align([][]*plot.Plot{row}, tiles, draw.New(canvas))[0] {
		row[i].Draw(c)
	}
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// newPlot is an empty one of something by epoch.
func newPlot(of string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text = of, "epoch"
	p.Legend.Padding = 4
	p.Add(plotter.NewGrid())
	return p
}

// colours are those of training and of tests, blue and orange, which nearly everybody can tell apart.
var colours = []color.Color{color.NRGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}, color.NRGBA{R: 0xe6, G: 0x6a, B: 0x00, A: 0xff}}

// addLine adds a line with the name of a legend, if there are points.
func addLine(p *plot.Plot, colour int, name string, points plotter.XYs) error {
	if len(points) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return fmt.Errorf("drawing %s: %w", name, err)
	}
	line.Color, line.Width = colours[colour], 1.5
	dots.Color, dots.Radius, dots.Shape = colours[colour], 1.5, draw.CircleGlyph{}
	p.Add(line, dots)
	p.Legend.Add(name, line)
	return nil
}
