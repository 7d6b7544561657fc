// Browser builds a page that classifies pictures by itself: the bundled model, as WebAssembly, without any server
// but one that hands out the files. docs/browser.md describes it. Run it with -h for its flags.
//
//	go run ./examples/browser -serve        # to try it
//	go run ./examples/browser -out folder   # for a web server
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/digits"
)

func main() { program.Main("browser", run) }

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil {
		err = browser(ctx, s, stdout)
	}
	return program.Status("browser", err, stderr)
}

// browser builds the folder, and serves it if that was asked for.
func browser(ctx context.Context, s *settings, stdout io.Writer) error {
	var listener net.Listener
	if s.serve { // before the minute that building may take
		var err error
		if listener, err = net.Listen("tcp", s.addr); err != nil {
			return fmt.Errorf("-addr: %w", err)
		}
		defer listener.Close()
	}
	folder := s.out
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "browser"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	size, err := build(ctx, folder)
	if ctx.Err() != nil {
		return program.ErrInterrupted
	}
	if err != nil {
		return err
	}
	if s.out != "" {
		fmt.Fprintf(stdout, "browser: %s has the page; its program has %s bytes\n", folder, digits.Count(size))
	}
	if s.serve {
		return serve(ctx, listener, folder, stdout)
	}
	return nil
}
