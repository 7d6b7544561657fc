package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/plot"
)

const (
	// mostColumns is how many classes a confusion matrix has at most: more cannot be read.
	mostColumns = 24
	// mostConfusions is how many pairs of classes are listed.
	mostConfusions = 10
)

// classes are what the model takes for what.
type classes struct {
	Names      []string
	Matrix     []matrixRow // nil if it would be too large to be read
	Picture    *picture    // that is in its place
	Confusions []confusion // the most frequent ones
	Figures    []classFigures
	Fold       bool // there are so many that they are shown when asked for
}

// matrixRow is a class, and what its images are taken for.
type matrixRow struct {
	Class string
	Cells []cell
}

// cell is a number of images.
type cell struct {
	Count string
	// Shade is how dark the cell is, 0 to 10, by its share of the row, and Right whether the class is right.
	Shade int
	Right bool
}

// confusion is how often one class is taken for another, and which share of its images that is.
type confusion struct{ Class, Taken, Count, Share string }

// classFigures are those of a class.
type classFigures struct{ Class, Images, Precision, Recall, F1 string }

// classesOf are those of an evaluation.
func classesOf(e fastresnet.Evaluation) (c *classes, err error) {
	c = &classes{}
	figures, counts := e.PerClass(), e.Confusion()
	for _, f := range figures {
		c.Names = append(c.Names, short(f.Class))
		shown := classFigures{short(f.Class), digits.Count(f.Images), percent(f.Precision, 1), percent(f.Recall, 1), percent(f.F1, 1)}
		if f.Images == 0 { // nothing can be said of it
			shown.Recall, shown.F1 = none, none
		}
		if f.Predicted == 0 {
			shown.Precision = none
		}
		c.Figures = append(c.Figures, shown)
	}
	c.Fold = len(c.Names) > mostColumns
	if c.Fold {
		const width = 800
		c.Picture, err = pictureOf(plot.Confusion(e), width, "The confusion matrix; the tables that follow have its most frequent confusions, and each class.")
	} else {
		for class, row := range counts {
			c.Matrix = append(c.Matrix, matrixRowOf(c.Names[class], class, row, figures[class].Images))
		}
	}
	c.Confusions = mostFrequent(c.Names, counts, figures)
	return c, err
}

func matrixRowOf(name string, class int, counts []int, images int) matrixRow {
	row := matrixRow{Class: name}
	for taken, n := range counts {
		shade := 0
		if n > 0 { // by the root, so that few can be seen, too
			shade = int(math.Ceil(10 * math.Sqrt(float64(n)/float64(images))))
		}
		row.Cells = append(row.Cells, cell{digits.Count(n), shade, taken == class})
	}
	return row
}

// mostFrequent are the pairs that are confused most often.
func mostFrequent(names []string, counts [][]int, figures []fastresnet.ClassFigures) (most []confusion) {
	type pair struct{ class, taken, n int }
	var pairs []pair
	for class, row := range counts {
		for taken, n := range row {
			if n > 0 && taken != class {
				pairs = append(pairs, pair{class, taken, n})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.n, a.n) })
	for _, p := range pairs[:min(mostConfusions, len(pairs))] {
		share := float64(p.n) / float64(figures[p.class].Images)
		most = append(most, confusion{names[p.class], names[p.taken], digits.Count(p.n), percent(share, 1)})
	}
	return most
}

// trust is how far the model's probabilities can be trusted.
type trust struct {
	Error     string // of the calibration
	Bins      int
	Threshold string // what the model's own does; "" for none
	Curve     *picture
	Answers   []answers
	NoAnswers string // why there are none of them
}

// answers are what is left if the model answers only where its probability is high enough, so that a share of its answers is right:
// from which threshold on, to how many images, and how many of these answers are right.
type answers struct{ Wanted, Threshold, Answered, Right string }

// bins are those of Guo et al. 2017.
const bins = 15

// trustOf says it of an evaluation.
func trustOf(e fastresnet.Evaluation) (t *trust, err error) {
	const width = 480
	t = &trust{Error: percent(e.CalibrationError(bins), 2), Bins: bins}
	if e.Threshold > 0 {
		t.Threshold = atThreshold(e)
	}
	t.Answers, t.NoAnswers = answersOf(e)
	t.Curve, err = pictureOf(plot.Calibration(e), width,
		"How often the model is right, by the probability of its answer, and how many images there are of each; the diagonal is a model that is right as often as it says.")
	return t, err
}

// wantedShares are those of answers that may be wanted to be right: from those that a weak model reaches to those of a good one.
var wantedShares = []float64{0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995}

// answersOf has a row for each share that is more than the model's, up to the first that it cannot reach; or says why there is none.
func answersOf(e fastresnet.Evaluation) (rows []answers, why string) {
	shares := slices.DeleteFunc(slices.Clone(wantedShares), func(share float64) bool { return share <= e.Accuracy })
	if len(shares) == 0 {
		return nil, fmt.Sprintf("It needs no threshold: %s of all answers are right.", percent(e.Accuracy, 2))
	}
	for _, wanted := range shares {
		p, _, ok := e.ThresholdFor(wanted)
		if !ok {
			if len(rows) == 0 {
				return nil, fmt.Sprintf("No threshold helps: of its surest answers, however few, less than %s are right.", percent(wanted, 1))
			}
			return append(rows, answers{percent(wanted, 1), none, none, none}), ""
		}
		answered, right := e.AtThreshold(p)
		row := answers{percent(wanted, 1), thresholdText(e, p), partOf(answered, e.Images()), partOf(right, answered)}
		if n := len(rows); n > 0 && rows[n-1].Answered == row.Answered { // so few answers cannot tell them apart
			rows[n-1] = row
		} else {
			rows = append(rows, row)
		}
	}
	return rows, ""
}

// thresholdText is a threshold in as few digits as give the same answers, three at least: rounded down, as the image that it is the
// probability of would be left out otherwise.
func thresholdText(e fastresnet.Evaluation, threshold float64) string {
	answered, _ := e.AtThreshold(threshold)
	for decimals := 3; decimals < 9; decimals++ {
		scale := math.Pow10(decimals)
		text := strconv.FormatFloat(math.Floor(threshold*scale)/scale, 'f', decimals, 64)
		if rounded, err := strconv.ParseFloat(text, 64); err == nil {
			if n, _ := e.AtThreshold(rounded); n == answered {
				return text
			}
		}
	}
	return strconv.FormatFloat(threshold, 'g', -1, 64)
}

// partOf is a number of some, and which share that is.
func partOf(n, all int) string {
	return fmt.Sprintf("%s%sof%[2]s%s (%s)", digits.Count(n), space, digits.Count(all), percent(float64(n)/float64(all), 1))
}

// atThreshold says what the model's threshold does to the images of an evaluation.
func atThreshold(e fastresnet.Evaluation) string {
	images := e.Images()
	answered, right := e.AtThreshold(e.Threshold)
	text := fmt.Sprintf("The model's threshold is %g: answers below it are unknown, which are those to %s of %s",
		e.Threshold, digits.Count(images-answered), plural(images, "image"))
	if answered > 0 {
		text += fmt.Sprintf("; %s of the other %s are right (%s)", digits.Count(right), digits.Count(answered), percent(float64(right)/float64(answered), 1))
	}
	return text + "."
}
