package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// settings are what the flags and the argument say.
type settings struct {
	model, name string
	repository  string // the folder of a model server's models
}

const usage = `Usage: export [flags] FOLDER

Writes a trained model as FOLDER/NAME/1/model.onnx, with FOLDER/NAME/config.pbtxt and
labels.txt beside it: FOLDER is then a model repository of NVIDIA's Triton Inference
Server. The ONNX file alone is all that ONNX Runtime needs.

`

// parse reads the flags and the argument. Its errors name everything that is wrong; flag.ErrHelp means that the usage
// was asked for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("export", flag.ContinueOnError)
	program.NameVar(f, &s.model, "model", modelfile.Usage)
	program.NameVar(f, &s.name, "name", modelfile.NameUsage)
	if err := program.ParseArguments(f, usage, args, stdout); err != nil {
		return nil, err
	}
	var problems []error
	var err error
	if s.name, err = modelfile.Name(s.name, s.model); err != nil {
		problems = append(problems, err)
	}
	if f.NArg() != 1 {
		problems = append(problems, fmt.Errorf("%d arguments: need one, the folder of the models", f.NArg()))
	} else if s.repository = f.Arg(0); s.repository == "" {
		problems = append(problems, errors.New("need the name of a folder for the models"))
	}
	return s, errors.Join(problems...)
}
