package fastresnet

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/safetensors"
)

// The errors that callers tell apart, with errors.Is. Those of a data set's files are in package data.
var (
	// ErrOption is wrapped by the errors about options: a value out of range, options that contradict
	// each other or do not fit the data set. All problems of a call are reported together.
	ErrOption = errors.New("invalid option")
	// ErrBackend is wrapped when the backend that was asked for does not exist or cannot be had here.
	ErrBackend = engine.ErrBackend
	// ErrMemory is wrapped when the memory does not suffice, of the device or by an estimate before training (see
	// [WithMemoryLimit]): a smaller batch or width needs less.
	ErrMemory = engine.ErrMemory
	// ErrDiverged is wrapped by [DivergedError], and where a model is of no use because training went wrong like that:
	// a loss, a weight or an answer of the model is infinite or not a number.
	ErrDiverged = errors.New("training diverged")
	// ErrCheckpoint is wrapped when a checkpoint cannot be written or read, or belongs to another run, and when another
	// run is using the folder.
	ErrCheckpoint = errors.New("checkpoint")
	// ErrImage is wrapped when an image or a data set does not fit a model, by its size, classes or resizing.
	ErrImage = errors.New("not for this model")
	// ErrArgument is wrapped when a call lacks what it needs: its context is nil, or its *Model is nil or zero; when a
	// number is out of range, as in [Model.SetThreshold]; and when models that are to be combined do not match.
	ErrArgument = errors.New("invalid argument")
	// ErrClosed is wrapped by the errors of a model's methods after [Model.Close].
	ErrClosed = errors.New("the model is closed")
	// ErrForeign is wrapped when a file is not one that this library wrote, or not one of the kind that was wanted.
	ErrForeign = safetensors.ErrForeign
	// ErrTruncated is wrapped when a file is cut short.
	ErrTruncated = safetensors.ErrTruncated
	// ErrCorrupt is wrapped when a file is damaged: its checksum does not fit its content, or its content makes no
	// sense.
	ErrCorrupt = safetensors.ErrCorrupt
	// ErrTooLarge is wrapped when a file promises more than would be read, or a model in it would take more memory than
	// [WithMemoryLimit] allows.
	ErrTooLarge = safetensors.ErrTooLarge
	// ErrNewer is wrapped when a newer version of this library wrote a file in a format that this one does not know.
	ErrNewer = errors.New("a newer version's file")
	// ErrInternal is wrapped when something panicked: an observer or an augmentation of the caller's, this
	// library, or what it builds on. Printing the error with %+v adds the stack.
	ErrInternal = errors.New("internal error")
)

// DivergedError says where the loss, the weights or the answers to the test set stopped being finite numbers. It wraps
// [ErrDiverged].
type DivergedError struct {
	// Epoch counts from 1; Step, within the epoch, from 1. If the loss stayed finite, and only the weights or the test are
	// not, Step is the epoch's last.
	Epoch, Step int
	// Rate is the highest learning rate of the run up to that step: what the loss shows has often begun before.
	Rate float64
	// Checkpoint is the last good one's file; "" if there is none.
	Checkpoint string
	// Augmentation is what has made pixels of that step's images, or of those of the step before it, that are not finite: an
	// augmentation of your own, by its place, from 0, and its type, as in "augmentation 0, a main.noise". It is "" if none has.
	Augmentation string
}

func (e *DivergedError) Error() string {
	text := fmt.Sprintf("%v: the loss, the weights or the test are not finite after step %d of epoch %d", ErrDiverged, e.Step, e.Epoch)
	if e.Augmentation != "" {
		text += ", as " + e.Augmentation + ", has made pixels that are not"
	} else {
		text += fmt.Sprintf(", with learning rates of up to %.4g; try lower ones or a longer warm-up", e.Rate)
	}
	if e.Checkpoint != "" {
		text += "; the last good checkpoint is " + e.Checkpoint
	}
	return text
}

// Unwrap returns [ErrDiverged].
func (e *DivergedError) Unwrap() error { return ErrDiverged }

// endedError says where a run was when its context ended, and what it can be resumed from.
type endedError struct {
	where      string // as in "in epoch 3 of 10"
	cause      error
	checkpoint string // a file; "" for none
}

func (e *endedError) Error() string {
	text := fmt.Sprintf("training ended %s: %v", e.where, e.cause)
	if e.checkpoint != "" {
		text += "; the checkpoint is " + e.checkpoint
	}
	return text
}

func (e *endedError) Unwrap() error { return e.cause }

// guard turns a panic, which is how GoMLX reports a mistake in a graph, into an error that wraps
// [ErrInternal]. Every public function that reaches an engine defers it.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = &panicError{panicked: p, stack: debug.Stack()}
	}
}

// panicError prints as one line; %+v adds the stack.
type panicError struct {
	panicked any
	stack    []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("%v: %v", ErrInternal, e.panicked) }

func (e *panicError) Unwrap() []error {
	if cause, ok := e.panicked.(error); ok {
		return []error{ErrInternal, cause}
	}
	return []error{ErrInternal}
}

func (e *panicError) Format(f fmt.State, verb rune) {
	fmt.Fprint(f, e.Error())
	if verb == 'v' && f.Flag('+') {
		fmt.Fprintf(f, "\n%s", e.stack)
	}
}

// problems are all that is wrong with options, to be told at once. Each wraps [ErrOption].
type problems []error

// want notes a problem in words, unless all is well.
func (p *problems) want(well bool, format string, args ...any) {
	if !well {
		p.add(fmt.Errorf(format, args...))
	}
}

// add notes an error, which may be nil, as a problem.
func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, fmt.Errorf("%w: %w", ErrOption, err))
	}
}

// shorten makes the texts of a message no more than so many, and says how many others there are.
func shorten(texts []string, most int) []string {
	if more := len(texts) - most; more > 0 {
		return append(slices.Clone(texts[:most]), fmt.Sprintf("and %d more", more))
	}
	return texts
}

// given reports a context that is nil.
func given(ctx context.Context) error {
	if err := argument.Context(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrArgument, err)
	}
	return nil
}
