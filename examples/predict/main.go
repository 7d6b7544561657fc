// Predict says what a trained model takes pictures for: PNG, JPEG, GIF, WebP, BMP and TIFF files of any size. Run it with
// -h for its flags.
//
//	go run ./examples/predict cat.jpg dog.png                           # by the bundled model
//	go run ./examples/predict -model cifar.safetensors cat.jpg dog.png
//	go run ./examples/predict -model cifar.safetensors FOLDER           # every picture in it
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/pathname"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

func main() {
	program.Main("predict", func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		return run(ctx, args, os.Stdin, stdout, stderr)
	})
}

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil {
		err = predict(ctx, s, stdin, stdout, stderr)
	}
	return program.Status("predict", err, stderr)
}

// predict classifies the pictures, in batches of what memory has room for, and reports each.
func predict(ctx context.Context, s *settings, stdin io.Reader, stdout, stderr io.Writer) error {
	sources := find(ctx, s.pictures)
	model, err := modelfile.Load(s.model, fastresnet.WithBackend(s.backend))
	if err != nil {
		return err
	}
	defer model.Close()
	if err := s.threshold.Set(model); err != nil {
		return err
	}

	var r reporter = newTable(stdout, s.top, sources, model.Classes(), model.Threshold())
	if s.json {
		r = newLines(stdout, s.top)
	}
	var b batch
	unread := 0
	failed := func(file string, why error) error {
		unread++
		fmt.Fprintf(stderr, "predict: %s: %s\n", pathname.Printable(file), terminal.OneLine(why))
		return r.failed(file, why)
	}
	for _, source := range sources {
		if ctx.Err() != nil {
			return program.ErrInterrupted
		}
		p, err := source.open(stdin)
		if err == nil && !b.hasRoom(p) {
			if err := b.classify(ctx, model, r, failed); err != nil {
				return interruptedOr(ctx, err)
			}
		}
		if err == nil {
			err = b.add(ctx, p)
		}
		if err != nil && ctx.Err() != nil {
			return program.ErrInterrupted // and nothing need be wrong with the picture
		}
		if err != nil {
			if err := b.classify(ctx, model, r, failed); err != nil { // those before it are reported before it
				return interruptedOr(ctx, err)
			}
			if err := failed(source.name, err); err != nil {
				return err
			}
		}
	}
	if err := b.classify(ctx, model, r, failed); err != nil {
		return interruptedOr(ctx, err)
	}
	if err := r.end(); err != nil {
		return err
	}
	if unread > 0 {
		return fmt.Errorf("%d of %d could not be read", unread, len(sources))
	}
	return nil
}

// interruptedOr is the error, in a user's words if Ctrl-C is its cause.
func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return program.ErrInterrupted
	}
	return err
}
