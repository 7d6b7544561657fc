package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/report"
	"github.com/google/go-cmp/cmp"
)

var nan = math.NaN()

// hostile are names that somebody could give to classes.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, "a\x00b\x1b[31mc\u0085", "{{.Name}}",
	strings.Repeat("very long ", 60), strings.Repeat("x", 500), "🐈‍⬛ 🇨🇭", "חתול", "\u202egnp.tac", "]]><!--", "</style><b>",
}

// change is a history that is different from that of a usual run.
func change(r fastresnet.Record, f func(*fastresnet.Record)) fastresnet.Record {
	f(&r)
	return r
}

// The heading says in a sentence what came of the run, however it went.
func TestHeading(t *testing.T) {
	last := func(f func(*fastresnet.Epoch)) func(*fastresnet.Record) {
		return func(r *fastresnet.Record) { f(&r.Epochs[len(r.Epochs)-1]) }
	}
	for _, test := range []struct {
		name       string
		runs       []fastresnet.Record
		head, lead string
	}{
		{"a whole run", []fastresnet.Record{history(12, 12)}, "90.52 % of 10,000 test images right",
			"resnet9-24, seed 7: 12 epochs, 4 min 0 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"cut short within an epoch", []fastresnet.Record{change(history(4, 24), last(func(e *fastresnet.Epoch) {
			e.Partial, e.Tested, e.Images = true, false, 1234
		}))}, "52.49 % of 10,000 test images right after 3 of 24 epochs",
			"resnet9-24, seed 7: 3 of 24 epochs, cut short after 1,234 images of the next, 1 min 20 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"cut short between epochs", []fastresnet.Record{history(3, 24)}, "52.49 % of 10,000 test images right after 3 of 24 epochs",
			"resnet9-24, seed 7: 3 of 24 epochs, cut short, 1 min 0 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"cut short since the last test", []fastresnet.Record{change(history(4, 24), last(func(e *fastresnet.Epoch) {
			e.TestLoss, e.TestAccuracy, e.Tested = 0, 0, false
		}))}, "52.49 % of 10,000 test images right after 3 of 24 epochs",
			"resnet9-24, seed 7: 4 of 24 epochs, cut short, 1 min 20 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"stopped early", []fastresnet.Record{change(history(3, 24), func(r *fastresnet.Record) { r.Stopped = fastresnet.TargetReached })},
			"52.49 % of 10,000 test images right",
			"resnet9-24, seed 7: 3 of 24 epochs, stopped: target accuracy reached, 1 min 0 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"the best weights", []fastresnet.Record{change(history(4, 4), func(r *fastresnet.Record) { r.BestEpoch = 3 })},
			"52.49 % of 10,000 test images right",
			"resnet9-24, seed 7: 4 epochs, 1 min 20 s of training on go (CPU, pure Go, AVX-512 kernels). The model has the weights of epoch 3, the best."},
		{"the best weights, of a run cut short since", []fastresnet.Record{change(history(5, 24), func(r *fastresnet.Record) { r.BestEpoch = 3 })},
			"52.49 % of 10,000 test images right after 3 of 24 epochs",
			"resnet9-24, seed 7: 5 of 24 epochs, cut short, 1 min 40 s of training on go (CPU, pure Go, AVX-512 kernels). The model has the weights of epoch 3, the best."},
		{"cut short in the last test", []fastresnet.Record{change(history(4, 4), last(func(e *fastresnet.Epoch) {
			e.TestLoss, e.TestAccuracy, e.Tested = 0, 0, false
		}))}, "52.49 % of 10,000 test images right after 3 of 4 epochs",
			"resnet9-24, seed 7: 4 epochs, 1 min 20 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"diverged", []fastresnet.Record{change(history(2, 24), last(func(e *fastresnet.Epoch) { e.TrainLoss, e.Tested = nan, false }))},
			"The run diverged in epoch 2", "resnet9-24, seed 7: 2 of 24 epochs, 40.0 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"without tests", []fastresnet.Record{change(history(2, 2), func(r *fastresnet.Record) {
			r.Epochs[0].Tested, r.Epochs[1].Tested, r.TestImages = false, false, 0
		})}, "Trained on 50,000 images, and not tested", "resnet9-24, seed 7: 2 epochs, 40.0 s of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"without an epoch", []fastresnet.Record{history(0, 24)}, "No epoch was trained",
			"resnet9-24, seed 7: 0 of 24 epochs, cut short, 0 ms of training on go (CPU, pure Go, AVX-512 kernels)."},
		{"several devices", []fastresnet.Record{change(history(1, 1), func(r *fastresnet.Record) { r.Backend, r.Device, r.Devices = "xla:cuda", "H200", 4 })},
			"24.91 % of 10,000 test images right", "resnet9-24, seed 7: 1 epoch, 20.0 s of training on xla:cuda (4 × H200)."},
		{"several seeds", []fastresnet.Record{history(3, 3), change(history(3, 3), func(r *fastresnet.Record) {
			r.Seed, r.Epochs[2].TestAccuracy = 8, 0.6
		})}, "2 runs: 52.49 to 60.00 % of the test images right",
			"One recipe: mean 56.24 %, standard deviation 5.31 % over 2 seeds. The best is resnet9-24, seed 8."},
		{"several recipes", []fastresnet.Record{history(3, 3), history(12, 12)}, "2 runs: 52.49 to 90.52 % of the test images right",
			"The best is resnet9-24, seed 7 (2)."},
	} {
		t.Run(test.name, func(t *testing.T) {
			var runs []report.Run
			for _, r := range test.runs {
				runs = append(runs, report.Run{Record: r})
			}
			_, page := written(t, runs...)
			got := []string{page.all("h1")[0].words(), page.all("header")[0].all("p")[0].words()}
			if diff := cmp.Diff([]string{test.head, test.lead}, got); diff != "" {
				t.Errorf("heading and lead (-want +got):\n%s", diff)
			}
			if strings.Contains(page.words(), "NaN") || strings.Contains(page.words(), "Inf") {
				t.Errorf("a number that is none: %s", page.words())
			}
		})
	}
}

// What an evaluation says is on the page, in figures.
func TestEvaluation(t *testing.T) {
	run, err := drawn()
	check(t, err)
	_, page := written(t, run)
	matrix := page.all("table")[1]
	var got [][]int
	for _, row := range matrix.all("tbody")[0].all("tr") {
		var counts []int
		for _, cell := range row.all("td") {
			var n int
			_, err := fmt.Sscan(cell.words(), &n)
			check(t, err)
			counts = append(counts, n)
		}
		got = append(got, counts)
	}
	if diff := cmp.Diff(run.Evaluation.Confusion(), got); diff != "" {
		t.Errorf("confusion matrix (-want +got):\n%s", diff)
	}
	mistakes := run.Evaluation.Mistakes(24)
	sheet := page.all("ol")[0].all("li")
	if len(sheet) != len(mistakes) {
		t.Fatalf("%d mistakes, want %d", len(sheet), len(mistakes))
	}
	first := mistakes[0]
	want := fmt.Sprintf("%s %.1f %% is really %s %.1f %% image %d", first.Predicted, 100*first.Probability, first.Label, 100*first.LabelProbability, first.Image)
	if diff := cmp.Diff(want, sheet[0].words()); diff != "" {
		t.Errorf("the worst mistake (-want +got):\n%s", diff)
	}
	if want := fmt.Sprintf("off by %.2f %% on average", 100*run.Evaluation.CalibrationError(15)); !strings.Contains(page.words(), want) {
		t.Errorf("the page lacks %q", want)
	}
	// Without the images there are no pictures.
	run.Images = nil
	_, page = written(t, run)
	if n := len(page.all("ol")[0].all("img")); n != 0 {
		t.Errorf("%d pictures of mistakes", n)
	}
}

// With the best weights all figures of the model are those of one epoch.
func TestFiguresOfTheBest(t *testing.T) {
	for _, test := range []struct {
		weights fastresnet.WeightsKind
		want    string
	}{
		{fastresnet.LastWeights, "weights of epoch 3, the best"},
		{fastresnet.AveragedWeights, "weights averaged, of epoch 3, the best"},
	} {
		_, page := written(t, report.Run{Record: change(history(5, 24), func(r *fastresnet.Record) { r.BestEpoch, r.Weights = 3, test.weights })})
		var figures []string
		for _, tile := range page.all("dl")[0].all("div")[:3] {
			figures = append(figures, tile.words())
		}
		want := []string{"test accuracy 52.49 %", "test loss 1.2447", "training loss 1.0864"}
		if diff := cmp.Diff(want, figures); diff != "" || !strings.Contains(page.words(), test.want) {
			t.Errorf("no %q, or other figures (-want +got):\n%s", test.want, diff)
		}
	}
}

// The recipes of several runs are compared, setting by setting.
func TestDifferences(t *testing.T) {
	a, b := history(2, 2), history(2, 2)
	b.Recipe.Epochs, b.Recipe.LabelSmoothing, b.Recipe.Design.Width = 3, 1./3, 16
	b.OwnAugmentations = []string{"mine"}
	_, page := written(t, report.Run{Record: a, Name: "a"}, report.Run{Record: b, Name: "b"})
	var rows []string
	for _, table := range page.all("table") {
		if table.all("caption")[0].words() != "Where the recipes differ" {
			continue
		}
		for _, row := range table.all("tr") {
			rows = append(rows, row.words())
		}
	}
	if diff := cmp.Diff([]string{"a b", "design width 64 16", "epochs 2 3", "label smoothing – 0.33333", "augmentations of one's own – mine"}, rows); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

// A page of any kind holds all that it needs, runs nothing, and is built as screen readers need it.
func TestStructure(t *testing.T) {
	for name, runs := range pages(t) {
		t.Run(name, func(t *testing.T) {
			text, page := written(t, runs...)
			t.Logf("%d bytes", len(text))
			if page.all("html")[0].attrs["lang"] != "en" || page.all("title")[0].words() == "" {
				t.Error("no language or no title")
			}
			ids := map[string]bool{}
			level := 0
			for _, e := range page.all("") {
				if id := e.attrs["id"]; id != "" {
					if ids[id] {
						t.Errorf("two elements are %q", id)
					}
					ids[id] = true
				}
				if len(e.name) == 2 && e.name[0] == 'h' && e.name[1] >= '1' && e.name[1] <= '6' {
					if now := int(e.name[1] - '0'); now > level+1 || now == 1 && level > 0 {
						t.Errorf("a heading %s after one of level %d: %s", e.name, level, e.words())
					} else {
						level = now
					}
				}
				switch e.name {
				case "script", "iframe", "object", "embed", "form", "b", "base":
					t.Errorf("an element %s: %s", e.name, e.words())
				case "th":
					if s := e.attrs["scope"]; s != "col" && s != "row" {
						t.Errorf("a head without scope: %s", e.words())
					}
				case "table":
					if len(e.all("caption")) != 1 {
						t.Errorf("a table without caption: %s", e.words())
					}
				case "img":
					if e.attrs["alt"] == "" {
						t.Errorf("an image without words for it")
					}
				}
				for attribute, value := range e.attrs {
					switch {
					case strings.HasPrefix(attribute, "on"), attribute == "style":
						t.Errorf("an attribute %s: %s", attribute, value)
					case attribute == "src", attribute == "srcset":
						if !strings.HasPrefix(value, "data:image/") {
							t.Errorf("an image from elsewhere: %s", value)
						}
					case attribute == "href":
						if !strings.HasPrefix(value, "#") && value != "data:," {
							t.Errorf("a link to elsewhere: %s", value)
						}
					}
				}
			}
			for _, e := range page.all("") {
				if to, linked := strings.CutPrefix(e.attrs["href"], "#"); linked && !ids[to] {
					t.Errorf("a link to %q, which is not there", to)
				}
				if by := e.attrs["aria-labelledby"]; by != "" && !ids[by] {
					t.Errorf("a section labelled by %q, which is not there", by)
				}
			}
			if style := page.all("style")[0].text; strings.Contains(style, "url(") || strings.Contains(style, "@import") {
				t.Error("the style loads something")
			}
		})
	}
}

// Whatever classes are called, they are text on the page.
func TestHostileNames(t *testing.T) {
	run := named(t, hostile...)
	run.Name = hostile[0]
	run.Record.Warnings = []string{hostile[1]}
	_, page := written(t, run, run)
	words := page.words()
	for _, want := range []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, "a\ufffdb\ufffd[31mc\ufffd", "{{.Name}}",
		strings.Repeat("x", 119) + "…", "🐈‍⬛ 🇨🇭", "חתול", "\ufffdgnp.tac", "]]><!--", "</style><b>", "<script>alert(1)</script> (2)",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Pages of many classes have no matrix, which nobody could read.
func TestManyClasses(t *testing.T) {
	for _, test := range []struct {
		classes int
		matrix  bool
	}{{2, true}, {24, true}, {25, false}, {100, false}} {
		t.Run(fmt.Sprint(test.classes), func(t *testing.T) {
			var names []string
			for i := range test.classes {
				names = append(names, fmt.Sprintf("class %d", i))
			}
			_, page := written(t, named(t, names...))
			matrix := slices.ContainsFunc(page.all("table"), func(e *element) bool { return e.attrs["class"] == "matrix" })
			if matrix != test.matrix {
				t.Errorf("a matrix: %v, want %v", matrix, test.matrix)
			}
			if !strings.Contains(page.words(), fmt.Sprintf("class %d 2 ", test.classes-1)) {
				t.Error("the last class is not in the table of classes")
			}
		})
	}
}

// What cannot be reported is an error, before anything is written.
func TestErrors(t *testing.T) {
	run, err := drawn()
	check(t, err)
	few, err := run.Images.Slice(0, 10)
	check(t, err)
	pooled, parts := firstPart(t)
	for _, test := range []struct {
		name string
		runs []report.Run
		want string
	}{
		{"no run", nil, "invalid argument: no run to report"},
		{"other images", []report.Run{{Record: run.Record, Evaluation: run.Evaluation, Images: few}},
			`invalid argument: run "resnet9-24, seed 1" has 10 images, and an evaluation of 400: need those that were evaluated, and no others`},
		{"as many images of others", []report.Run{{Record: run.Record, Evaluation: &pooled, Images: parts}},
			`invalid argument: run "resnet9-24, seed 1" was evaluated on image `},
		{"images alone", []report.Run{{Record: run.Record, Images: few}}, `invalid argument: run "resnet9-24, seed 1" has images, and no evaluation of them`},
		{"nothing at all", []report.Run{{}}, `invalid argument: run "a recipe of one's own, seed 0" has a record that is empty`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			err := report.HTML(&b, test.runs...)
			if !errors.Is(err, fastresnet.ErrArgument) || !strings.HasPrefix(err.Error(), test.want) || b.Len() > 0 {
				t.Errorf("error %v after %d bytes, want %s", err, b.Len(), test.want)
			}
		})
	}
	failing := errors.New("the disk is full")
	if err := report.HTML(failingWriter{failing}, run); !errors.Is(err, failing) {
		t.Errorf("a writer that fails: %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
