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

// ErrInterrupted is the error of a program that Ctrl-C stopped.
var ErrInterrupted = errors.New("interrupted")

// Main runs a program and exits with its status. The context ends with the first Ctrl-C; the second one
// ends the program.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	quiet.Klog()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second Ctrl-C does not wait
		fmt.Fprintf(os.Stderr, "\n%s: stopping when the work in hand is done; Ctrl-C again to stop at once\n", name)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
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
