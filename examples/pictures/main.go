// Pictures trains a classifier on a person's own pictures, a folder for each class, and says how good it is. Run it with
// -h for its flags.
//
//	go run ./examples/pictures -train DIR -save model.safetensors
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/hostmemory"
	"github.com/fastresnet/fastresnet/internal/pathname"
	"github.com/fastresnet/fastresnet/internal/terminal"
	"github.com/fastresnet/fastresnet/pretrained"
	"github.com/fastresnet/fastresnet/progress"
	"github.com/fastresnet/fastresnet/report"
)

func main() { program.Main("pictures", run) }

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil {
		err = train(ctx, s, stdout, stderr)
	}
	if rest, interrupted := program.Interrupted(ctx, err); interrupted {
		err = errors.Join(program.ErrInterrupted, rest)
	}
	return program.Status("pictures", err, stderr)
}

// train reads the pictures, trains, and says how good the model is.
func train(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	files, err := openFiles(s)
	if err != nil {
		return err
	}
	watch, err := page.OpenWatch(s.watch, stderr)
	if err != nil {
		return err
	}
	var reported []report.Run
	defer func() { watch.Close(reported...) }()
	from, err := s.initialModel()
	if err != nil {
		return fmt.Errorf("-from %s: need a file, or %s: %w", s.from, bundled, err)
	}
	defer from.Close()
	if err := s.fitModel(from); err != nil {
		return err
	}
	trainSet, testSet, err := s.read(ctx, stdout, stderr)
	if err != nil {
		return err
	}

	if n := trainSet.Len(); s.batch > n {
		return fmt.Errorf("-batch %d: there are %s to train on", s.batch, digits.Plural(n, "picture"))
	}
	logs, closeLogs, err := s.logs.Observe()
	if err != nil {
		return err
	}
	v := newView(stdout, stderr)
	v.Wait("starting")
	result, err := fastresnet.Train(ctx, append(append(s.options(from), watch.Options()...),
		fastresnet.WithDataset(trainSet, testSet),
		fastresnet.WithProgress(fastresnet.Observer{Start: v.start}, v.Observer()), logs)...)
	v.Clear()
	err = errors.Join(err, closeLogs())
	if result == nil {
		return err
	}
	defer result.Model.Close()
	v.warn(result)
	whole := err == nil
	if whole {
		fmt.Fprintf(stdout, "trained in %.1f s\n", result.Timing.Train.Seconds())
	}
	result.Warnings = append(result.Warnings, s.notes...) // which have been printed
	err = errors.Join(err, s.threshold.Set(result.Model))
	saved, saveErr := files.saveModel(result.Model) // first: it is there then, whatever fails
	v.Wait("testing")
	made, failed := page.Run(ctx, "pictures", s.args, result, testSet)
	v.Clear()
	if whole && ctx.Err() != nil && made.Evaluation == nil {
		fmt.Fprintln(stdout, "interrupted in the last test: the model is that of the whole run, and there are no tables and mistakes of it")
	}
	made.Name = fmt.Sprintf("%s, seed %d", filepath.Base(s.train), s.seed)
	reported = append(reported, made)
	return errors.Join(err, saveErr, failed, s.finish(ctx, outcome{result, made, trainSet, testSet, saved}, files, stdout))
}

// outcome is what came of a run.
type outcome struct {
	*fastresnet.Result
	page        report.Run
	train, test *data.Dataset
	saved       bool // there is a file of the model
}

// finish says what came of a run, and writes the files. Of one that was interrupted there is what there can be.
func (s *settings) finish(ctx context.Context, o outcome, files files, stdout io.Writer) error {
	if e := o.page.Evaluation; e != nil {
		fmt.Fprintf(stdout, "\n%v\n", *e)
		if len(e.Mistakes(1)) == 0 {
			fmt.Fprintln(stdout, "\nno mistakes")
		}
		if e.Unknown == o.test.Len() {
			fmt.Fprintln(stdout, "\nthe threshold leaves no answer: take a lower one (the page of -report says which one makes how many answers right)")
		}
	}
	var err error
	if s.check && o.page.Evaluation != nil {
		err = s.checkPictures(ctx, stdout, o.Model, o.train, o.test)
	}
	fmt.Fprintln(stdout)
	return errors.Join(err, files.write(stdout, o))
}

// initialModel is what the run starts from; nil for none.
func (s *settings) initialModel() (*fastresnet.Model, error) {
	switch s.from {
	case "":
		return nil, nil
	case bundled:
		return pretrained.CIFAR10(fastresnet.WithBackend("go"))
	}
	return fastresnet.Load(s.from, fastresnet.WithBackend("go"))
}

// read reads the pictures, and holds out some if there are none to test with.
func (s *settings) read(ctx context.Context, stdout, stderr io.Writer) (trainSet, testSet *data.Dataset, err error) {
	if s.test == "" {
		s.reader.MemoryLimit = hostmemory.Free() / 2 // to divide a set makes a second copy of it
	}
	trainSet, found, err := s.readSet(ctx, s.train, stdout, stderr)
	if err != nil {
		return nil, nil, err
	}
	s.reportShape(stdout, found)
	read := []*data.Dataset{trainSet}
	if s.test == "" {
		trainSet, testSet, err = program.HoldOut(trainSet, s.heldOut, s.seed)
	} else {
		s.reader.Classes = trainSet.Classes()
		testSet, _, err = s.readSet(ctx, s.test, stdout, stderr)
		read = append(read, testSet)
	}
	if err != nil {
		return nil, nil, err
	}
	if n := copies(trainSet, testSet); n > 0 {
		s.warn(stdout, "%s of %s are training pictures too, so that the test looks too good", digits.Count(n), digits.Plural(testSet.Len(), "test picture"))
	}
	s.reportDuplicates(stdout, read)
	return trainSet, testSet, nil
}

// cannotRead is what to do about pictures that cannot be read, which have been named, and classes that have no others.
func (s *settings) cannotRead(name string, e *picture.UnreadableError, found picture.Report) error {
	var problems []error
	if n := len(e.Problems); n > 0 {
		advice := ""
		if !s.reader.SkipUnreadable {
			advice = ": -skip leaves them out"
		}
		problems = append(problems, fmt.Errorf("%d of %s in %s cannot be read%s", n, digits.Plural(e.Total, "picture"), pathname.Quoted(name), advice))
	}
	for _, class := range e.Classes {
		problems = append(problems, fmt.Errorf("there is no picture that can be read of the class %s in %s: give it some, or remove its folder or label%s",
			pathname.Quoted(class), pathname.Quoted(name), notOpened(found, class)))
	}
	return errors.Join(problems...)
}

// notOpened says how many files in the folder of a class have names that do not end like a picture's, and which formats are read; ""
// for none.
func notOpened(found picture.Report, class string) string {
	var others []string
	for _, file := range found.Ignored {
		if strings.HasPrefix(file, path.Join(found.Root, class)+"/") && !strings.HasPrefix(path.Base(file), ".") {
			others = append(others, file)
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf(" (not opened: %s, as %s, for the ending of the name: need %s files)", digits.Plural(len(others), "file"),
		pathname.Quoted(others[0]), picture.Formats)
}

// readSet reads a folder or a list, and says what was in it, but for what [settings.reportShape] does.
func (s *settings) readSet(ctx context.Context, name string, stdout, stderr io.Writer) (*data.Dataset, picture.Report, error) {
	display := progress.Display{Bar: program.BarWriter(stdout, stderr)}
	s.reader.Progress = func(done, total int) { display.Count("reading pictures", done, total) }
	read := s.reader.Folder
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".jsonl", ".ndjson":
		read = s.reader.List
	}
	start := time.Now()
	set, found, err := read(ctx, name)
	display.Clear()
	if unreadable := (*picture.UnreadableError)(nil); errors.As(err, &unreadable) {
		for _, p := range unreadable.Problems {
			fmt.Fprintf(stderr, "pictures: %s: %s\n", pathname.Quoted(p.Path), terminal.OneLine(p.Err))
		}
		return nil, found, s.cannotRead(name, unreadable, found)
	}
	if err != nil {
		return nil, found, err
	}
	fmt.Fprintf(stdout, "%s: %v, read in %.1f s\n", pathname.Quoted(name), set, time.Since(start).Seconds())
	counts := set.ClassCounts()
	for class, label := range set.Classes() {
		fmt.Fprintf(stdout, "  %s: %s\n", pathname.Printable(label), digits.Plural(counts[class], "picture"))
	}
	files := found
	files.Grey, files.Cut = false, 0
	fmt.Fprint(stdout, files)
	if n := len(files.Skipped) + len(files.Ignored); n > 0 {
		files.Root = "" // which is no file that was left out
		lines := strings.Split(strings.TrimSpace(files.String()), "\n")
		s.notes = append(s.notes, fmt.Sprintf("%s in %s not in the set: %s", digits.Plural(n, "file"), pathname.Quoted(name), listOf(lines)))
	}
	return set, found, nil
}

// muchCut is the share of the average picture that is worth a warning if it is cut off: of a picture of 4:3 that becomes a square it is
// a quarter.
const muchCut = 0.2

// reportShape warns of training pictures that other flags would take better: grey ones, and those of which much is cut off.
func (s *settings) reportShape(stdout io.Writer, found picture.Report) {
	name := pathname.Quoted(s.train)
	if found.Grey && s.from == "" { // a model in colour takes no grey ones
		s.warn(stdout, "all pictures of %s are grey: -grey trains on grey images, and does not mirror them", name)
	}
	if found.Cut >= muchCut {
		s.warn(stdout, "%.0f %% of the average picture of %s is cut off: "+
			"-resize pad, -resize stretch or a -size of other proportions, as in 24x40, keeps it", 100*found.Cut, name)
	}
}

// warn prints a warning about the pictures that were read, and notes it.
func (s *settings) warn(stdout io.Writer, format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
	fmt.Fprintf(stdout, "warning: %s\n", s.notes[len(s.notes)-1])
}

// reportDuplicates warns of pictures that are there twice, in the sets that were read, first of those that have several labels.
func (s *settings) reportDuplicates(stdout io.Writer, sets []*data.Dataset) {
	label := func(p data.Place) int { return sets[p.Set].Label(p.Image) }
	var contradictory, others [][]data.Place
	for _, group := range data.Duplicates(sets...) {
		if slices.ContainsFunc(group, func(p data.Place) bool { return label(p) != label(group[0]) }) {
			contradictory = append(contradictory, group)
		} else {
			others = append(others, group)
		}
	}
	groups := append(contradictory, others...)
	classes := sets[0].Classes()
	for i, group := range groups[:min(listed, len(groups))] {
		what := "the same picture"
		wrong := i < len(contradictory)
		if wrong {
			what += " with different labels, of which at least one is wrong"
		}
		var names []string
		for _, place := range group {
			name := s.nameOf(place.Set, sets[place.Set].Name(place.Image))
			if wrong {
				name = fmt.Sprintf("%s (%s)", name, pathname.Printable(classes[label(place)]))
			}
			names = append(names, name)
		}
		s.warn(stdout, "%s: %s", what, listOf(names))
	}
	if more := len(groups) - listed; more > 0 {
		s.warn(stdout, "the same picture: %s more such groups", digits.Count(more))
	}
}

// nameOf is the name of a picture of the training set, 0, or the test set, 1: with where that was read, if they are two.
func (s *settings) nameOf(set int, name string) string {
	name = pathname.Quoted(name)
	if s.test == "" {
		return name
	}
	return fmt.Sprintf("%s in %s", name, pathname.Quoted([]string{s.train, s.test}[set]))
}

// copies is how many pictures to test with are also trained on.
func copies(trainSet, testSet *data.Dataset) (n int) {
	for _, group := range data.Duplicates(trainSet, testSet) {
		if group[0].Set != 0 {
			continue
		}
		for _, place := range group {
			n += place.Set // 1 for one to test with
		}
	}
	return n
}
