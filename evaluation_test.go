package fastresnet_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// near are numbers that differ by rounding.
var near = cmpopts.EquateApprox(0, 1e-12)

// scored is an evaluation of the random predictions that scikit-learn was given.
func scored(t *testing.T) (fastresnet.Evaluation, golden.Metrics) {
	t.Helper()
	m, err := golden.LoadMetrics()
	if err != nil {
		t.Fatal(err)
	}
	return fastresnet.NewEvaluation([]string{"a", "b", "c", "d", "e"}, m.Labels, m.Probabilities), m
}

func TestEvaluationIsThatOfScikitLearn(t *testing.T) {
	e, m := scored(t)
	if diff := cmp.Diff(m.Confusion, e.Confusion()); diff != "" {
		t.Errorf("confusion (-scikit-learn +got):\n%s", diff)
	}
	var precision, recall, f1 []float64
	var support []int
	for _, f := range e.PerClass() {
		precision, recall, f1, support = append(precision, f.Precision), append(recall, f.Recall), append(f1, f.F1), append(support, f.Images)
	}
	if diff := cmp.Diff([][]float64{m.Precision, m.Recall, m.F1}, [][]float64{precision, recall, f1}, near); diff != "" {
		t.Errorf("precision, recall and F1 (-scikit-learn +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.Support, support); diff != "" {
		t.Errorf("images (-scikit-learn +got):\n%s", diff)
	}
	if got := e.Images(); got != len(m.Labels) {
		t.Errorf("%d images, want %d", got, len(m.Labels))
	}
	var top []float64
	for k := range m.Top {
		top = append(top, e.TopK(k+1))
	}
	if diff := cmp.Diff(m.Top, top, near); diff != "" {
		t.Errorf("top k (-scikit-learn +got):\n%s", diff)
	}
	if e.TopK(0) != 0 || e.TopK(5) != 1 || e.TopK(9) != 1 {
		t.Errorf("top 0, 5 and 9: %g, %g, %g", e.TopK(0), e.TopK(5), e.TopK(9))
	}
}

// The calibration error is its definition, written down another way: bin by bin.
func TestCalibrationError(t *testing.T) {
	e, m := scored(t)
	const bins = 7
	want := 0.
	for bin := range bins {
		n, sum, right := 0., 0., 0.
		for i, row := range m.Probabilities {
			best := 0
			for class, p := range row {
				if p > row[best] {
					best = class
				}
			}
			if p := row[best]; p >= float64(bin)/bins && p < float64(bin+1)/bins {
				n, sum = n+1, sum+p
				if best == m.Labels[i] {
					right++
				}
			}
		}
		if n > 0 {
			want += n / float64(len(m.Labels)) * math.Abs(sum/n-right/n)
		}
	}
	if got := e.CalibrationError(bins); math.Abs(got-want) > 1e-12 || want == 0 {
		t.Errorf("%g, want %g", got, want)
	}
	if got := e.CalibrationError(0); got != 0 {
		t.Errorf("without bins: %g", got)
	}
	// One that is always certain is off by the share of its mistakes.
	sure := fastresnet.NewEvaluation([]string{"a", "b"}, []int{0, 1, 1, 1}, [][]float64{{1, 0}, {1, 0}, {0, 1}, {0, 1}})
	if got := sure.CalibrationError(15); got != 0.25 {
		t.Errorf("always certain, and wrong once in four: %g, want 0.25", got)
	}
}

func TestMistakes(t *testing.T) {
	e := fastresnet.NewEvaluation([]string{"cat", "dog", "owl"}, []int{0, 0, 1, 2, 2},
		[][]float64{{0.5, 0.3, 0.2}, {0.2, 0.7, 0.1}, {0.9, 0.06, 0.04}, {0.05, 0.6, 0.35}, {0.1, 0.1, 0.8}})
	first := fastresnet.Verdict{Image: 2, Label: "dog", Predicted: "cat", LabelProbability: 0.06, Probability: 0.9}
	second := fastresnet.Verdict{Image: 1, Label: "cat", Predicted: "dog", LabelProbability: 0.2, Probability: 0.7}
	third := fastresnet.Verdict{Image: 3, Label: "owl", Predicted: "dog", LabelProbability: 0.35, Probability: 0.6}
	for _, tt := range []struct {
		name      string
		got, want []fastresnet.Verdict
	}{
		{"all", e.Mistakes(9), []fastresnet.Verdict{first, second, third}},
		{"some", e.Mistakes(1), []fastresnet.Verdict{first}},
		{"none", e.Mistakes(0), []fastresnet.Verdict{}},
		{"fewer than none", e.Mistakes(-1), []fastresnet.Verdict{}},
		{"suspicious", e.Suspicious(2), []fastresnet.Verdict{first, second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The figures of classes take no memory for the square of their number.
func TestPerClassOfManyClasses(t *testing.T) {
	const classes = 1000
	e := fastresnet.NewEvaluation(make([]string, classes), []int{7}, [][]float64{make([]float64, classes)})
	if n := testing.AllocsPerRun(1, func() { e.PerClass() }); n >= classes {
		t.Errorf("%g allocations for %d classes", n, classes)
	}
}

// Zero values have no figures, and do not panic.
func TestEvaluationOfNothing(t *testing.T) {
	var e fastresnet.Evaluation
	if e.Images() != 0 || e.TopK(1) != 0 || e.CalibrationError(15) != 0 || len(e.Mistakes(3)) > 0 || len(e.PerClass()) > 0 || e.String() != "no images" {
		t.Errorf("%v", e)
	}
}

func TestEvaluationPrints(t *testing.T) {
	set := synthetic(t, 40, 1)
	e, err := train(t, set).Model.Evaluate(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	text := e.String()
	for _, class := range set.Classes() {
		if n := strings.Count(text, class); n < 3 { // of the figures, a row and a column
			t.Errorf("%q is there %d times:\n%s", class, n, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("a line ends in spaces: %q", line)
		}
	}
}

// Names of classes may come from strangers: none steers the terminal, or breaks the tables.
func TestNamesArePrintable(t *testing.T) {
	e := fastresnet.NewEvaluation([]string{"big cat", "\x1b[2J", "two\nlines\t"}, []int{0}, [][]float64{{0.9, 0.06, 0.04}})
	text := e.String()
	for name, want := range map[string]int{"big cat": 3, `"\x1b[2J"`: 3, `"two\nlines\t"`: 3, "\x1b": 0, "\t": 0} {
		if n := strings.Count(text, name); n != want {
			t.Errorf("%q is there %d times, want %d:\n%s", name, n, want, text)
		}
	}
	if got := (fastresnet.Score{Label: "\x1b[2J", Probability: 0.5}).String(); got != `"\x1b[2J" 50.0 %` {
		t.Errorf("%q", got)
	}
	network := tinyNetwork()
	network.Name = "\x1b[2J"
	if got := train(t, synthetic(t, 40, 1), fastresnet.WithArchitecture(network)).Model.String(); !strings.HasPrefix(got, `"\x1b[2J", `) {
		t.Errorf("%q", got)
	}
}
