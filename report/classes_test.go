package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/report"
	"github.com/google/go-cmp/cmp"
)

// Where no threshold helps, or none is needed, the page says so in place of the table.
func TestThresholds(t *testing.T) {
	images, err := data.Synthetic(64, 1)
	check(t, err)
	result, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(images, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(1), fastresnet.WithEpochs(1), fastresnet.WithBatchSize(32))
	check(t, err)
	defer result.Model.Close()
	predictions, err := result.Model.PredictDataset(t.Context(), images)
	check(t, err)
	const caption = "If the model answers only where it is sure enough"
	for _, test := range []struct {
		name  string
		wrong func(p float64) bool // by the probability of the answer
		want  string
	}{
		{"all right", func(float64) bool { return false }, "It needs no threshold: 100.00 % of all answers are right."},
		{"all wrong", func(float64) bool { return true }, "No threshold helps: of its surest answers, however few, less than 50.0 % are right."},
		{"the surest right", func(p float64) bool { return p < median(predictions) }, caption},
	} {
		t.Run(test.name, func(t *testing.T) {
			labels := make([]int, images.Len())
			for i, p := range predictions {
				labels[i] = p.Class
				if test.wrong(p.Probability) {
					labels[i] = (p.Class + 1) % len(images.Classes())
				}
			}
			set, err := data.New(images.Pixels(), images.Shape(), labels, images.Classes())
			check(t, err)
			evaluation, err := result.Model.Evaluate(t.Context(), set)
			check(t, err)
			_, page := written(t, report.Run{Record: result.Record, Evaluation: &evaluation})
			if text := page.words(); !strings.Contains(text, test.want) || strings.Contains(text, caption) != (test.want == caption) {
				t.Errorf("want %q in:\n%s", test.want, text)
			}
			for _, table := range page.all("table") {
				if table.all("caption")[0].words() != caption {
					continue
				}
				for _, row := range table.all("tbody")[0].all("tr") {
					checkAnswers(t, evaluation, row.words())
				}
			}
		})
	}
}

// The page says what the threshold of each model does, where it has one and was evaluated.
func TestThresholdOfModel(t *testing.T) {
	run, err := drawn()
	check(t, err)
	with := func(threshold float64) report.Run {
		run, evaluation := run, *run.Evaluation
		evaluation.Threshold = threshold
		run.Evaluation = &evaluation
		return run
	}
	alone := run
	alone.Evaluation, alone.Images = nil, nil
	sentence := func(threshold float64) string {
		answered, right := run.Evaluation.AtThreshold(threshold)
		if answered == 0 || answered == run.Images.Len() {
			t.Fatalf("%d answers with a threshold of %g", answered, threshold)
		}
		return fmt.Sprintf("The model's threshold is %g: answers below it are unknown, which are those to %d of 400 images; %d of the other %d are right (%.1f %%).",
			threshold, run.Images.Len()-answered, right, answered, 100*float64(right)/float64(answered))
	}
	for _, test := range []struct {
		name string
		runs []report.Run
		want []string
	}{
		{"none", []report.Run{run}, nil},
		{"one", []report.Run{with(0.5)}, []string{sentence(0.5)}},
		{"one that leaves no answer", []report.Run{with(1)}, []string{"The model's threshold is 1: answers below it are unknown, which are those to 400 of 400 images."}},
		{"not evaluated", []report.Run{alone}, nil},
		{"several", []report.Run{with(0.5), run, with(0.6)}, []string{sentence(0.5), sentence(0.6)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, page := written(t, test.runs...)
			var got []string
			for _, p := range page.all("p") {
				if text := p.words(); strings.Contains(text, "threshold is") {
					got = append(got, text)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// checkAnswers compares a row of the table of thresholds with an evaluation of 64 images: the threshold, as it is written there,
// makes what the row says, and no lower one does.
func checkAnswers(t *testing.T, e fastresnet.Evaluation, row string) {
	t.Helper()
	var wanted, threshold float64
	if n, _ := fmt.Sscanf(row, "%g %% %g", &wanted, &threshold); n != 2 {
		if _, _, ok := e.ThresholdFor(wanted / 100); ok || !strings.HasSuffix(row, " – – –") {
			t.Errorf("the row %q, and there is a threshold: %t", row, ok)
		}
		return
	}
	exact, _, _ := e.ThresholdFor(wanted / 100)
	least, _ := e.AtThreshold(exact)
	answered, right := e.AtThreshold(threshold)
	want := fmt.Sprintf(" %d of 64 (%.1f %%) %d of %d (%.1f %%)", answered, 100*float64(answered)/64, right, answered, 100*float64(right)/float64(answered))
	if !strings.HasSuffix(row, want) || answered != least || float64(right) < wanted/100*float64(answered) {
		t.Errorf("the row %q does not end with %q, or %d images have an answer, want %d", row, want, answered, least)
	}
}

// median is that of the answers' probabilities.
func median(predictions []fastresnet.Prediction) float64 {
	var all []float64
	for _, p := range predictions {
		all = append(all, p.Probability)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
