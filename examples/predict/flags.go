package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// settings are what the flags and the arguments say.
type settings struct {
	model, backend string
	threshold      program.Threshold
	top            int
	json           bool
	pictures       []string // files, folders and standardInput
}

// standardInput is the name of what is piped in.
const standardInput = "-"

var usage = fmt.Sprintf(`Usage: predict [flags] PICTURE|FOLDER...

Says what a trained model takes pictures for: files in the formats %s,
of at most %s pixels, or "-" for standard input. Of a folder it takes every picture,
at any depth, in the order of the names; what is hidden is left out. A picture of any
size is scaled, and of one with other proportions the middle is looked at, or all of it
if the model was trained on pictures that were stretched or padded. A file that cannot
be read is reported, the others are classified, and the exit status is 1, as for a
folder without a picture. Ctrl-C stops it.

`, picture.Formats, digits.Count(picture.MaxPixels))

// parse reads the flags. Its errors name everything that is wrong; flag.ErrHelp means that the usage was asked
// for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("predict", flag.ContinueOnError)
	program.NameVar(f, &s.model, "model", modelfile.Usage)
	f.IntVar(&s.top, "top", 3, "report the `n` most probable classes")
	f.StringVar(&s.backend, "backend", "auto", program.BackendUsage)
	s.threshold.Flag(f, "`probability` below which an answer has a question mark, 0 for none (default the model's threshold)")
	f.BoolVar(&s.json, "json", false, "print a line of JSON for each picture, in place of the table")
	if err := program.ParseArguments(f, usage, args, stdout); err != nil {
		return nil, err
	}
	s.pictures = f.Args()
	return s, s.check()
}

// check reports everything that is wrong.
func (s *settings) check() error {
	var problems []error
	problems = append(problems, program.TooSmall(program.Number{Flag: "top", Value: s.top, Least: 1})...)
	if len(s.pictures) == 0 {
		problems = append(problems, errors.New("no pictures: need files or folders, or - for standard input"))
	}
	inputs := 0
	for _, file := range s.pictures {
		if file == standardInput {
			inputs++
		}
	}
	if inputs > 1 {
		problems = append(problems, errors.New("- is named more than once: there is one standard input"))
	}
	late := slices.IndexFunc(s.pictures, func(file string) bool { return strings.HasPrefix(file, "-") && file != standardInput })
	if late >= 0 {
		problems = append(problems, fmt.Errorf("%s: need flags before the pictures; a file of that name is ./%[1]s", s.pictures[late]))
	}
	return errors.Join(problems...)
}
