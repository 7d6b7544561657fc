// Package program is what the example programs with flags have in common: how they read their flags, stop
// and fail, and where their images come from.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/fastresnet/fastresnet/internal/terminal"
	"github.com/fastresnet/fastresnet/quiet"
)

// Exit statuses. 130 is a shell's for a program that Ctrl-C ended.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitInterrupted = 130
)

// ErrInterrupted is the error of a program that Ctrl-C stopped, and ErrTerminated, which wraps it, of one that SIGTERM did.
var (
	ErrInterrupted = errors.New("interrupted")
	ErrTerminated  = fmt.Errorf("%w by SIGTERM", ErrInterrupted)
)

// Main runs a program and exits with its status. The context ends with the first Ctrl-C or SIGTERM, and has one of this
// package's errors as its cause then; the second one ends the program. A line on standard error says so, or what [OnStop] has.
// A program that has printed what could not be written goes on to its end, and has failed then.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	quiet.Klog()
	var n notice
	ctx, stop := context.WithCancelCause(context.WithValue(context.Background(), noticeKey{}, &n))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		cause, again := ErrInterrupted, "; Ctrl-C again to stop at once"
		if <-signals == syscall.SIGTERM {
			cause, again = ErrTerminated, ""
		}
		signal.Stop(signals) // a second one does not wait
		if own := n.own.Load(); own != nil {
			(*own)()
		} else {
			fmt.Fprintf(os.Stderr, "\n%s: stopping when the work in hand is done%s\n", name, again)
		}
		stop(cause)
	}()
	stdout := &output{file: os.Stdout}
	status := run(ctx, os.Args[1:], stdout, os.Stderr)
	if status == ExitOK {
		status = Status(name, stdout.failure(), os.Stderr)
	}
	os.Exit(status)
}

// notice is what a program does to say that it is about to stop, if it does that itself.
type notice struct{ own atomic.Pointer[func()] }

type noticeKey struct{}

// OnStop has a program that [Main] runs, with this context, say in its own way that it is about to stop.
func OnStop(ctx context.Context, say func()) {
	if n, ok := ctx.Value(noticeKey{}).(*notice); ok {
		n.own.Store(&say)
	}
}

// Status prints an error on one line, and is the exit status of the program that it ended.
func Status(name string, err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return ExitOK
	}
	fmt.Fprintf(stderr, "%s: %s\n", name, terminal.OneLine(err))
	if errors.Is(err, ErrInterrupted) {
		return ExitInterrupted
	}
	return ExitFailed
}
