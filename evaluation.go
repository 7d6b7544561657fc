package fastresnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/pathname"
)

// Evaluation is how well a model does on a data set. Its methods say where it is right and where not.
type Evaluation struct {
	// Loss is the mean cross-entropy, and Accuracy the share classified right, of all images, including those that the threshold
	// leaves unknown.
	Loss, Accuracy float64
	// Threshold is what the model had ([Model.SetThreshold]), 0 for none. Unknown is how many images it leaves without an
	// answer, and AnsweredAccuracy the share of the others that are classified right, 0 if there are none. Without a threshold
	// these are 0 and Accuracy. [Evaluation.AtThreshold] counts for other thresholds.
	Threshold        float64
	Unknown          int
	AnsweredAccuracy float64

	classes       []string
	labels        []int       // of the images
	probabilities [][]float64 // of the images, of each class
	indices       []int       // of the images, in the set that [Verdict] counts in; nil if these are all of it
}

// Evaluate compares the model's classes with the labels of a set, which must have the model's classes, and whose pictures
// must have been resized as those that it was trained on ([Model.Resizing]). The error wraps [ErrImage] if it does not fit,
// and [ErrDiverged] if what the model makes of an image is not finite.
func (m *Model) Evaluate(ctx context.Context, set *data.Dataset) (e Evaluation, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return e, err
	}
	if err := m.knows(set); err != nil {
		return e, err
	}
	logits, err := m.logits(ctx, set.Pixels())
	if err != nil {
		return e, err
	}
	return evaluationOf(m.classes, m.Threshold(), set.Labels(), logits), nil
}

// knows reports a set that the model cannot be compared with.
func (m *Model) knows(set *data.Dataset) error {
	if err := m.reads(set); err != nil {
		return err
	}
	if classes := set.Classes(); !slices.Equal(classes, m.classes) {
		return fmt.Errorf("%w: the set has the classes %q, the model %q", ErrImage, classes, m.classes)
	}
	return nil
}

// evaluationOf compares models with the labels of images, from the logits of each, [n, classes].
func evaluationOf(classes []string, threshold float64, labels []int, logits ...[]float32) Evaluation {
	e := Evaluation{
		Threshold: threshold, classes: slices.Clone(classes), labels: labels, probabilities: meanProbabilities(len(classes), logits),
	}
	losses := make([]float64, len(logits)) // of an image, by model
	for image, label := range labels {
		if e.predicted(image) == label {
			e.Accuracy++
		}
		for model := range logits {
			losses[model] = crossEntropy(row(logits[model], image, len(classes)), label)
		}
		e.Loss += lossOfMean(losses)
	}
	n := float64(len(labels))
	e.Loss, e.Accuracy = e.Loss/n, e.Accuracy/n
	answered, right := e.AtThreshold(threshold)
	e.Unknown, e.AnsweredAccuracy = len(labels)-answered, share(float64(right), answered)
	return e
}

// with is the evaluation of some parts of a set and of another, whose images have these indices in the set. It has no threshold.
func (e Evaluation) with(part Evaluation, indices []int) Evaluation {
	before, more := float64(len(e.labels)), float64(len(part.labels))
	all := Evaluation{
		Loss:    (before*e.Loss + more*part.Loss) / (before + more),
		classes: part.classes, labels: slices.Concat(e.labels, part.labels),
		probabilities: slices.Concat(e.probabilities, part.probabilities), indices: slices.Concat(e.indices, indices),
	}
	_, right := all.AtThreshold(0)
	all.Accuracy = share(float64(right), len(all.labels))
	all.AnsweredAccuracy = all.Accuracy
	return all
}

// Images is how many images were evaluated.
func (e Evaluation) Images() int { return len(e.labels) }

// Confusion counts the images by their class and by the one that the model takes them for: element [i][j] is how many of
// class i it takes for class j.
func (e Evaluation) Confusion() [][]int {
	counts := make([][]int, len(e.classes))
	for class := range counts {
		counts[class] = make([]int, len(e.classes))
	}
	for i, label := range e.labels {
		counts[label][e.predicted(i)]++
	}
	return counts
}

// predicted is the class that the model takes an image for.
func (e Evaluation) predicted(image int) int { return argMax(e.probabilities[image]) }

// ClassFigures says how well a model does on one class. Shares are 0 where they would divide by 0, as in scikit-learn.
type ClassFigures struct {
	Class string
	// Images are of the class, and Predicted were taken for it.
	Images, Predicted int
	// Precision is the share of those taken for the class that are of it, Recall the share of those of the class that
	// were taken for it, and F1 the harmonic mean of both.
	Precision, Recall, F1 float64
}

// PerClass returns the figures of each class.
func (e Evaluation) PerClass() []ClassFigures {
	all, right := make([]ClassFigures, len(e.classes)), make([]float64, len(e.classes))
	for i, label := range e.labels {
		class := e.predicted(i)
		all[label].Images++
		all[class].Predicted++
		if class == label {
			right[class]++
		}
	}
	for class, name := range e.classes {
		f := &all[class]
		f.Class = name
		f.Precision, f.Recall = share(right[class], f.Predicted), share(right[class], f.Images)
		f.F1 = share(2*right[class], f.Predicted+f.Images)
	}
	return all
}

// share is a part of a number; 0 of nothing.
func share(part float64, of int) float64 {
	if of == 0 {
		return 0
	}
	return part / float64(of)
}

// TopK is the share of the images whose class is among the k that the model finds most probable. Of equally probable
// classes the first ones count.
func (e Evaluation) TopK(k int) float64 {
	hits := 0.
	for i, label := range e.labels {
		better := 0
		for class, p := range e.probabilities[i] {
			if own := e.probabilities[i][label]; p > own || p == own && class < label {
				better++
			}
		}
		if better < k {
			hits++
		}
	}
	return share(hits, len(e.labels))
}

// ThresholdFor returns a probability for [Model.SetThreshold] with which at least a share wanted, 0 to 1, of the answers is
// right: the lowest such among those of the images' predicted classes. answered is the share of the images that get an answer
// then. The images should have been held out, and few of them say little. ok is false if no probability will do, as for more than 1.
func (e Evaluation) ThresholdFor(wanted float64) (probability, answered float64, ok bool) {
	type answer struct {
		probability float64
		right       bool
	}
	var all []answer
	for i, label := range e.labels {
		class := e.predicted(i)
		all = append(all, answer{e.probabilities[i][class], class == label})
	}
	slices.SortFunc(all, func(a, b answer) int { return cmp.Compare(b.probability, a.probability) })
	right := 0
	for i, a := range all {
		if a.right {
			right++
		}
		last := i+1 == len(all) || all[i+1].probability < a.probability // of those that are equal
		if last && share(float64(right), i+1) >= wanted {
			probability, answered, ok = a.probability, share(float64(i+1), len(all)), true
		}
	}
	return probability, answered, ok
}

// AtThreshold returns how many of the images get an answer with that threshold ([Model.SetThreshold]), which are those whose
// predicted class is at least so probable, and how many of these are classified right.
func (e Evaluation) AtThreshold(threshold float64) (answered, right int) {
	for i, label := range e.labels {
		class := e.predicted(i)
		if e.probabilities[i][class] < threshold {
			continue
		}
		answered++
		if class == label {
			right++
		}
	}
	return answered, right
}

// Verdict is what the model says of an image whose label is known.
type Verdict struct {
	// Image is its index in the set.
	Image int
	// Label is its class, and Predicted the one that the model takes it for.
	Label, Predicted string
	// LabelProbability is how probable the model finds the label, and Probability the predicted class, both 0 to 1.
	LabelProbability, Probability float64
}

// Mistakes returns the n images that the model is the most certain of and wrong about, the most certain first; fewer if
// there are no more.
func (e Evaluation) Mistakes(n int) []Verdict {
	return e.verdicts(n, func(a, b Verdict) int { return cmp.Compare(b.Probability, a.Probability) })
}

// Suspicious returns the n images whose labels the model finds the least probable, the least first, among those that it
// takes for something else: in a set that the model was not trained on, these are where to look for wrong labels.
func (e Evaluation) Suspicious(n int) []Verdict {
	return e.verdicts(n, func(a, b Verdict) int { return cmp.Compare(a.LabelProbability, b.LabelProbability) })
}

// verdicts are the first of those on images that are classified wrong.
func (e Evaluation) verdicts(n int, compare func(a, b Verdict) int) []Verdict {
	var all []Verdict
	for i, label := range e.labels {
		if class := e.predicted(i); class != label {
			image := i
			if e.indices != nil {
				image = e.indices[i]
			}
			all = append(all, Verdict{
				Image: image, Label: e.classes[label], Predicted: e.classes[class],
				LabelProbability: e.probabilities[i][label], Probability: e.probabilities[i][class],
			})
		}
	}
	slices.SortStableFunc(all, compare)
	return all[:min(max(n, 0), len(all))]
}

// String is the figures for a terminal: accuracy and loss, what the model's threshold does if it has one, a table of the figures
// of each class, and, of up to 12 classes, the confusion matrix. Tables are of all images, whatever the threshold. Names that could
// steer a terminal are quoted. For the zero Evaluation it returns "no images".
func (e Evaluation) String() string {
	if len(e.labels) == 0 {
		return "no images"
	}
	const most = 12 // columns
	var text strings.Builder
	fmt.Fprintf(&text, "accuracy %.2f %%, loss %.4f, %s\n", 100*e.Accuracy, e.Loss, digits.Counted(len(e.labels), "image", "images"))
	if e.Threshold > 0 {
		fmt.Fprintf(&text, "threshold %g: %d unknown", e.Threshold, e.Unknown)
		if answered := len(e.labels) - e.Unknown; answered > 0 {
			fmt.Fprintf(&text, ", %.2f %% of the other %d right", 100*e.AnsweredAccuracy, answered)
		}
		fmt.Fprintln(&text)
	}
	fmt.Fprintln(&text)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "class\timages\tprecision\trecall\tF1\t")
	names := make([]string, len(e.classes))
	for class, f := range e.PerClass() {
		names[class] = pathname.Printable(f.Class)
		fmt.Fprintf(table, "%s\t%d\t%.1f %%\t%.1f %%\t%.1f %%\t\n", names[class], f.Images, 100*f.Precision, 100*f.Recall, 100*f.F1)
	}
	table.Flush()
	if len(e.classes) > most {
		return strings.TrimRight(text.String(), "\n")
	}
	fmt.Fprint(&text, "\na row for each class, a column for what its images are taken for:\n")
	fmt.Fprintf(table, "\t%s\t\n", strings.Join(names, "\t"))
	for class, counts := range e.Confusion() {
		fmt.Fprint(table, names[class])
		for _, n := range counts {
			fmt.Fprintf(table, "\t%d", n)
		}
		fmt.Fprintln(table, "\t")
	}
	table.Flush()
	return strings.TrimRight(text.String(), "\n")
}
