package plot_test

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/plot"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// run is one of a recipe whose training goes as those do.
func run(recipe string, epochs int, tested bool) fastresnet.Record {
	var r fastresnet.Record
	r.Recipe.Name = recipe
	for n := 1; n <= epochs; n++ {
		fallen := math.Exp(-float64(n) / 4)
		r.Epochs = append(r.Epochs, fastresnet.Epoch{
			Number: n, TrainLoss: 2.3 * fallen, TrainAccuracy: 1 - 0.9*fallen, TestLoss: 0.3 + 2*fallen, TestAccuracy: 0.95 - 0.9*fallen, Tested: tested,
		})
	}
	return r
}

// off is a run whose every figure differs from another's by a factor.
func off(r fastresnet.Record, by float64) fastresnet.Record {
	r.Epochs = slices.Clone(r.Epochs)
	for i := range r.Epochs {
		e := &r.Epochs[i]
		e.TrainLoss, e.TrainAccuracy, e.TestLoss, e.TestAccuracy = by*e.TrainLoss, by*e.TrainAccuracy, by*e.TestLoss, by*e.TestAccuracy
	}
	return r
}

func TestCurves(t *testing.T) {
	one, diverged := run("celu", 12, true), run("celu", 12, true)
	for i := range diverged.Epochs[6:] {
		e := &diverged.Epochs[6+i]
		e.TrainLoss, e.TestLoss = math.NaN(), math.Inf(1)
	}
	lost := run("celu", 2, true)
	for i := range lost.Epochs {
		lost.Epochs[i].TrainLoss, lost.Epochs[i].TestLoss = math.NaN(), math.NaN()
	}
	best := run("celu", 12, true)
	best.BestEpoch = 6
	gone := off(one, math.MaxFloat64/8)
	for _, tt := range []struct {
		name   string
		runs   []fastresnet.Record
		legend []string // the texts above the axes
		lines  int      // thick ones, solid and dashed
		bands  int      // beside those of the legend
	}{
		{"one run", []fastresnet.Record{one}, []string{"training", "test, 90.52 %"}, 4, 0},
		{"the best epoch's weights", []fastresnet.Record{best}, []string{"training", "test, 74.92 %"}, 4, 0},
		{"untested", []fastresnet.Record{run("celu", 12, false)}, []string{"training"}, 2, 0},
		{"seeds", []fastresnet.Record{one, off(one, 0.98), off(one, 1.01)}, []string{"training, 3 runs", "test, 90.22 %", "lowest to highest run"}, 4, 4},
		{"two recipes", []fastresnet.Record{one, run("", 12, true)},
			[]string{"celu, 90.52 %", "without a name, 90.52 %", "training", "test"}, 8, 0},
		{"two recipes, one of them with seeds", []fastresnet.Record{one, run("dawn", 10, true), off(one, 0.9)},
			[]string{"celu, 2 runs, 85.99 %", "dawn, 87.61 %", "training", "test", "lowest to highest run"}, 8, 2},
		{"two recipes, one of them untested", []fastresnet.Record{one, run("dawn", 10, false)},
			[]string{"celu, 90.52 %", "dawn", "training", "test"}, 6, 0},
		{"four recipes", []fastresnet.Record{one, run("dawn", 10, true), run("a", 10, true), run("b", 10, true)},
			[]string{"celu, 90.52 %", "dawn, 87.61 %", "a, 87.61 %", "b, 87.61 %"}, 8, 0},
		{"diverged", []fastresnet.Record{diverged}, []string{"training", "test, 90.52 %"}, 4, 0},
		{"one that diverged of two", []fastresnet.Record{one, diverged}, []string{"training, 2 runs", "test, 90.52 %", "lowest to highest run"}, 4, 4},
		{"no loss at all", []fastresnet.Record{lost}, []string{"training", "test, 40.41 %"}, 2, 0},
		{"beyond all numbers", []fastresnet.Record{gone}, nil, -1, 0},
		{"epochs far apart", []fastresnet.Record{{Epochs: []fastresnet.Epoch{{Number: math.MinInt, Tested: true}, {Number: math.MaxInt}, {}}}}, nil, -1, 0},
		{"one epoch", []fastresnet.Record{run("celu", 1, true)}, []string{"training", "test, 24.91 %"}, 0, 0},
		{"a name from hell", []fastresnet.Record{one, run("</text><script>alert('&\")\x00\x1b[31m]]>\u202e", 3, true)},
			[]string{"celu, 90.52 %", "</text><script>alert('&\")\ufffd\ufffd[31m]]>, 52.49 %", "training", "test"}, 8, 0},
		{"a name not in UTF-8, right to left and with pictures", []fastresnet.Record{one, run("\xff שלום 🐈", 3, true)},
			[]string{"celu, 90.52 %", "\ufffd שלום 🐈, 52.49 %", "training", "test"}, 8, 0},
		{"a long name", []fastresnet.Record{one, run(strings.Repeat("ghost", 100_000), 3, true)}, nil, 8, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := plot.Curves(tt.runs...)
			document, texts := asSVG(t, f, plot.Style{})
			if i := slices.Index(texts, "loss"); tt.legend != nil {
				if diff := cmp.Diff(tt.legend, texts[:i]); diff != "" {
					t.Errorf("legend (-want +got):\n%s", diff)
				}
			}
			_, axes, _ := strings.Cut(document, ">loss<")
			lines := strings.Count(axes, `stroke-width="2"`) + strings.Count(axes, `stroke-width="1.2"`)
			if tt.lines >= 0 && lines != tt.lines {
				t.Errorf("%d lines, want %d", lines, tt.lines)
			}
			if bands := strings.Count(axes, "fill-opacity"); bands != tt.bands {
				t.Errorf("%d bands, want %d", bands, tt.bands)
			}
			for _, bad := range []string{"NaN", "Inf"} {
				if strings.Contains(document, bad) {
					t.Errorf("%s is in the document", bad)
				}
			}
			if len(document) > 100_000 {
				t.Errorf("%d bytes", len(document))
			}
			asPNG(t, f, plot.Style{Dark: true})
		})
	}
}

// The mean of three seeds is drawn at its place between the lowest and the highest of them.
func TestCurvesOfSeeds(t *testing.T) {
	at := func(loss float64) fastresnet.Record {
		var r fastresnet.Record
		for n := range 3 {
			r.Epochs = append(r.Epochs, fastresnet.Epoch{Number: n + 1, TrainLoss: loss, TrainAccuracy: 0.5})
		}
		return r
	}
	document, _ := asSVG(t, plot.Curves(at(1), at(6), at(2)), plot.Style{})
	_, axes, _ := strings.Cut(document, ">loss<")
	// Each of the band's six points, and of the three of the line, which comes after it, has y as its second number.
	paths := regexp.MustCompile(`<path d="([^"]*)"[^>]*(?:fill-opacity|stroke-width="2")`).FindAllStringSubmatch(axes, 2)
	ordinates := func(path string) (all []float64) {
		for _, place := range regexp.MustCompile(`[ML]\S+ ([\d.]+)`).FindAllStringSubmatch(path, -1) {
			y, err := strconv.ParseFloat(place[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, y)
		}
		return all
	}
	band, line := ordinates(paths[0][1]), ordinates(paths[1][1])
	low, high := band[0], band[5]
	if diff := cmp.Diff([]float64{low, low, low, high, high, high}, band); diff != "" || low < high {
		t.Errorf("the band (-want +got):\n%s", diff)
	}
	mean := high + (low-high)*(6-3)/(6-1) // of 1, 2 and 6, on the way from 6 to 1
	if diff := cmp.Diff([]float64{mean, mean, mean}, line, cmpopts.EquateApprox(0, 0.02)); diff != "" {
		t.Errorf("the line of means (-want +got):\n%s", diff)
	}
}
