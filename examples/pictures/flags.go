package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// settings are what the flags say.
type settings struct {
	train, test, save           string
	from, frozen                string
	curves, mistakes, augmented string
	report, watch               string
	check                       bool
	threshold                   program.Threshold
	heldOut                     float64
	reader                      picture.Reader
	backend                     string
	width, epochs, batch        int
	testEvery                   int
	seed                        uint64

	logs  program.Logs
	notes []string        // of the pictures that were read, for the report
	set   map[string]bool // the names of the flags that were given
	args  []string        // all of the command line
}

// bundled is the value of -from for the model of package pretrained.
const bundled = "cifar10"

const usage = `Usage: pictures -train DIR [flags]

Trains a classifier on your own pictures: DIR, or a .zip file of it, has a folder for
each class, with pictures of any size in it; or it is a list of pictures, a file .csv
with the columns path and label, or .jsonl. Some are held out to see how good it is.

`

// parse reads the flags. Its errors name every flag that is wrong; flag.ErrHelp means that the usage was asked for, and
// has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{set: map[string]bool{}, args: args}
	f := flag.NewFlagSet("pictures", flag.ContinueOnError)
	f.StringVar(&s.train, "train", "", "`folder`, .zip file or list of the pictures to train on")
	f.StringVar(&s.test, "test", "", "`folder`, .zip file or list of pictures to test with (default: some of those to train on are held out)")
	f.StringVar(&s.from, "from", "", "`file` of a trained model to start from, or "+bundled+" for the bundled one,\nwhich is for pictures in colour, and takes several times as long to train")
	f.StringVar(&s.frozen, "frozen", "", "`parts` of that model that stay as they are, as in prep,layer1, or body for all but the classifier")
	f.Float64Var(&s.heldOut, "held-out", 0.2, "`share` of the pictures that is held out where there is no -test, or their number, of which 1 is one picture")
	size := f.String("size", "32", "`size` that pictures are scaled to, as in 48 or 40x64 (height x width); where there is -from\nthat of its model")
	resizing := f.String("resize", "", "`way` in which pictures of other proportions are resized: crop, stretch or pad\n(default that of the model of -from, or crop)")
	grey := f.Bool("grey", false, "make the pictures grey")
	f.BoolVar(&s.reader.SkipUnreadable, "skip", false, "leave out pictures that cannot be read")
	f.IntVar(&s.width, "width", 0, "channels `n` of the network's first stage (default 16)")
	f.IntVar(&s.epochs, "epochs", 0, "train for `n` epochs (default by the number of pictures)")
	f.IntVar(&s.batch, "batch", 0, "`n` pictures a step (default by the number of pictures)")
	f.IntVar(&s.testEvery, "test-every", 1, "test after every `n`-th epoch alone, and after the last: tests take time, too")
	f.Uint64Var(&s.seed, "seed", 1, "seed `n` of what is random, the pictures held out among it")
	f.StringVar(&s.backend, "backend", "auto", program.DownloadUsage)
	f.StringVar(&s.save, "save", "", "`file` to save the trained model to, for predict and serve")
	s.threshold.Flag(f, "`probability` below which an answer is unknown: the figures count that, and the model of -save keeps it for\npredict and serve (default none; the page of -report says which one makes how many answers right)")
	f.StringVar(&s.report, "report", "", page.ReportUsage)
	f.StringVar(&s.watch, "watch", "", page.WatchUsage)
	f.StringVar(&s.curves, "curves", "", "`file` for the curves of losses and accuracies, a PNG or .svg")
	s.logs.Flags(f)
	f.StringVar(&s.mistakes, "mistakes", "", "`file` for a sheet of the worst mistakes, a PNG or .svg")
	f.BoolVar(&s.check, "check", false, "name pictures that are nearly the same, and labels that similar pictures contradict")
	f.StringVar(&s.augmented, "augmented", "", "`file` for a sheet of training pictures as training changes them, a PNG or .svg")
	if err := program.Parse(f, usage, args, stdout); err != nil {
		return nil, err
	}
	f.Visit(func(f *flag.Flag) { s.set[f.Name] = true })
	inputs := []string{"train", "test"}
	if s.from != bundled {
		inputs = append(inputs, "from")
	}
	return s, errors.Join(program.CheckOutputs(f, inputs, "save", "report", "curves", "mistakes", "augmented", "csv"),
		s.setReader(*size, *resizing, *grey), s.validate())
}

// setReader sets how pictures become images.
func (s *settings) setReader(size, resizing string, grey bool) error {
	var problems []error
	shape := data.Shape{Channels: 3}
	if grey {
		shape.Channels = 1
	}
	var rest string
	n, _ := fmt.Sscanf(size+" end", "%dx%d %s", &shape.Height, &shape.Width, &rest)
	if n != 3 {
		n, _ = fmt.Sscanf(size+" end", "%d %s", &shape.Height, &rest)
		shape.Width = shape.Height
		n++
	}
	if n != 3 || rest != "end" || min(shape.Height, shape.Width) < 8 {
		problems = append(problems, fmt.Errorf("-size %s: need a number of pixels, 8 or more, or height x width, as in 40x64", size))
	}
	switch resizing {
	case "", "crop":
	case "stretch", "pad":
		s.reader.Resizing = data.Resizing(resizing)
	default:
		problems = append(problems, fmt.Errorf("-resize %s: need crop, stretch or pad", resizing))
	}
	s.reader.Shape = shape
	return errors.Join(problems...)
}

// validate reports what is missing or out of range.
func (s *settings) validate() error {
	var problems []error
	if s.train == "" {
		problems = append(problems, errors.New("-train: need a folder with a folder of pictures for each class (-h lists the flags)"))
	}
	if !(s.heldOut > 0) || s.heldOut > 1 && s.heldOut != math.Trunc(s.heldOut) {
		problems = append(problems, fmt.Errorf("-held-out %g: need a share above 0 and below 1, or a number of pictures", s.heldOut))
	}
	for _, f := range []struct{ flag, name string }{{"test", s.test}, {"from", s.from}} {
		if s.set[f.flag] && f.name == "" {
			problems = append(problems, fmt.Errorf("-%s: need a name", f.flag))
		}
	}
	if s.frozen != "" && s.from == "" {
		problems = append(problems, errors.New("-frozen: need a model to start from, -from"))
	}
	if s.set["held-out"] && s.test != "" {
		problems = append(problems, errors.New("-held-out: there is -test, whose pictures are held out"))
	}
	problems = append(problems, program.TooSmall(program.Given(s.set,
		program.Number{Flag: "width", Value: s.width, Least: 1}, program.Number{Flag: "epochs", Value: s.epochs, Least: 1},
		program.Number{Flag: "batch", Value: s.batch, Least: 1}, program.Number{Flag: "test-every", Value: s.testEvery, Least: 1},
	)...)...)
	for _, f := range []struct{ flag, name string }{{"curves", s.curves}, {"mistakes", s.mistakes}, {"augmented", s.augmented}} {
		problems = append(problems, page.CheckFigure(f.flag, f.name))
	}
	if s.set["watch"] && s.watch == "" {
		problems = append(problems, errors.New("-watch: need an address"))
	}
	return errors.Join(problems...)
}

// fitModel has pictures become images as those of the model to start from, nil for none, where no flag says otherwise, and reports
// flags that contradict it.
func (s *settings) fitModel(from *fastresnet.Model) error {
	if from == nil {
		return nil
	}
	var problems []error
	if width := from.Record().Recipe.Design.Width; s.set["width"] && s.width != width {
		problems = append(problems, fmt.Errorf("-width %d: the network, and so its width, is that of the model of -from: leave it out", s.width))
	}
	switch channels := from.Network().Input.Channels; {
	case channels == s.reader.Shape.Channels:
	case channels == 1:
		problems = append(problems, errors.New("-from: its model is for grey pictures: need -grey"))
	default:
		problems = append(problems, errors.New("-grey: the model of -from is for pictures in colour: leave it out"))
	}
	if !s.set["size"] {
		s.reader.Shape.Height, s.reader.Shape.Width = from.Network().Input.Height, from.Network().Input.Width
	}
	if !s.set["resize"] {
		s.reader.Resizing = from.Resizing()
	}
	return errors.Join(problems...)
}

// options are those of the flags that were set. The run starts from a model, unless that is nil.
func (s *settings) options(from *fastresnet.Model) []fastresnet.Option {
	options := []fastresnet.Option{
		fastresnet.WithBackend(s.backend), fastresnet.WithPluginDownload(), program.AutotuneCache(), fastresnet.WithSeed(s.seed),
		fastresnet.WithTestEvery(s.testEvery),
	}
	if from != nil {
		options = append(options, fastresnet.WithInitialModel(from))
	}
	if s.frozen != "" {
		options = append(options, fastresnet.WithFrozen(strings.Split(s.frozen, ",")...))
	}
	if s.set["width"] {
		options = append(options, fastresnet.WithWidth(s.width))
	}
	if s.set["epochs"] {
		options = append(options, fastresnet.WithEpochs(s.epochs))
	}
	if s.set["batch"] {
		options = append(options, fastresnet.WithBatchSize(s.batch))
	}
	return options
}
