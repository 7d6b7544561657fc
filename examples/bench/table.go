package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

// table has a row a recipe.
func (c *content) table() terminal.Table {
	target := percent(c.Conditions.Target)
	t := terminal.Table{Columns: []terminal.Column{
		{Name: "recipe", Left: true}, {Name: "accuracy"}, {Name: "n"}, {Name: "≥ " + target},
		{Name: "first step"}, {Name: "compile"}, {Name: "training"}, {Name: "to " + target},
		{Name: "images/s"}, {Name: "TFLOP/s"}, {Name: "of peak"}, {Name: "memory"}, {Markdown: "note", Left: true},
	}}
	for _, s := range c.Recipes {
		t.Rows = append(t.Rows, s.cells())
	}
	return t
}

// cells are the texts of a row.
func (s summary) cells() []string {
	note := ""
	if s.Diverged > 0 {
		note = fmt.Sprintf("%d of %d diverged", s.Diverged, s.Runs)
	}
	memory := math.NaN()
	if s.PeakMemoryBytes > 0 {
		memory = float64(s.PeakMemoryBytes) / (1 << 30)
	}
	images := "-"
	if !math.IsNaN(float64(s.ImagesPerSecond)) {
		images = digits.Count(int(s.ImagesPerSecond + 0.5))
	}
	return []string{
		s.Recipe, spread(100*s.Accuracy, 100*s.AccuracyStd, "%"), fmt.Sprint(s.Runs - s.Diverged), fmt.Sprintf("%d/%d", s.Reached, s.Runs),
		known(float64(s.FirstStepSeconds), "%.2f s"), known(float64(s.CompileSeconds), "%.2f s"),
		spread(s.DAWNBenchSeconds, s.DAWNBenchStd, "s"), known(float64(s.TargetSeconds), "%.2f s"),
		images, known(float64(s.FLOPS)/1e12, "%.3g"), known(100*float64(s.OfPeak), "%.1f %%"), known(memory, "%.2f GiB"), note,
	}
}

// known is a number in a format, "-" for none.
func known(x float64, format string) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf(format, x)
}

// spread is a mean and its standard deviation, as far as they are known.
func spread(mean, std results.Number, unit string) string {
	text := known(float64(mean), "%.2f")
	if !math.IsNaN(float64(std)) {
		text += fmt.Sprintf(" ± %.2f", std)
	}
	if text == "-" {
		return text
	}
	return text + " " + unit
}

// percent is a share: "94 %".
func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

// text is the table for a terminal of a width, 0 for none, and the note below it.
func (c *content) text(width int) string { return c.table().Text(width) + "\n" + c.note() }

// markdown is the same as Markdown, each line of the note a paragraph.
func (c *content) markdown() string {
	return c.table().Markdown() + "\n" + strings.ReplaceAll(strings.TrimSuffix(c.note(), "\n"), "\n", "\n\n") + "\n"
}

// note says what was run, on what, and what the columns are.
func (c *content) note() string {
	r, k, m := c.Runs[0], c.Conditions, c.Machine
	lines := []string{
		fmt.Sprintf("On %s, %s; %s.", results.Place(r.Backend, r.Device), r.Precision, m),
		"Versions: " + list(c.Versions) + ".",
		fmt.Sprintf("Width %d where the series has %d, epochs %s, batch %s; %s, %s training and %s test images, tested %s.",
			k.Width, program.PublishedWidth, program.Own(k.Epochs), program.Own(k.Batch), k.Data, digits.Count(k.TrainImages),
			digits.Count(k.TestImages), map[string]string{testEvery: "after every epoch", testEnd: "at the end"}[k.Test]),
		"Command: " + c.Command,
		fmt.Sprintf("Cold start: %.2f s from the program's start to the end of the first step of %s, reading the data included.", c.ColdStartSeconds, r.Recipe),
		"Accuracy and training: mean of n runs ± standard deviation, over n-1; the rest are means, but for memory, the most.",
		"First step: from the call of Train to its end. Compile: of the training step and the evaluation step.",
		"Training, by DAWNBench's rule: all steps, and once the initial weights, copying them and the training set to the device, and padding it. " +
			"Not in it: reading the data, opening the backend, compiling, tests.",
		fmt.Sprintf("To %s: the same to the end of the first epoch with that test accuracy, of the runs that had it.", percent(k.Target)),
		"Images/s: the median of the epochs after the first, in which programs are still loaded; of a single epoch, after its first step.",
		"TFLOP/s: 3 x 2 x the multiply-adds of an image's forward pass x images/s.",
	}
	if k.PeakTFLOPS > 0 {
		lines[len(lines)-1] += fmt.Sprintf(" Peak, as given: %g TFLOP/s", k.PeakTFLOPS)
		if k.Devices > 1 {
			lines[len(lines)-1] += fmt.Sprintf(" of each of %d devices", k.Devices)
		}
		lines[len(lines)-1] += "."
	}
	if r.Memory != "" {
		lines = append(lines, "Memory: "+r.Memory+".")
	}
	return strings.Join(lines, "\n") + "\n"
}

// String is the hardware, as far as it is known.
func (m machine) String() string {
	text := digits.Plural(m.Cores, "core")
	if m.CPU != "" {
		text += " of " + m.CPU
	}
	if m.GPU != "" {
		text += fmt.Sprintf(", %s, driver %s", m.GPU, m.Driver)
	}
	return text + ", " + m.System
}

// list is the versions in a text.
func list(versions map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, name+" "+versions[name])
	}
	return strings.Join(parts, ", ")
}
