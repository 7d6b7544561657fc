// Doctor says what training would run on here, what is in the way of better, and what to do about it. Run it
// with -h for its flags.
//
//	go run ./examples/doctor
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

const usage = `Usage: doctor [flags]

Says what training would run on here, what is in the way of better, and what to do
about it. It trains nothing and downloads nothing. The exit status is 0 if training
can run, 1 if it cannot: the backend "auto", or the one that -backend names, then fails.

`

func main() { program.Main("doctor", run) }

// report is what -json prints.
type report struct {
	fastresnet.Diagnosis
	Problems []string `json:"problems"`
}

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("doctor", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "print everything as JSON")
	backend := f.String("backend", "", "look at this backend first, which training must then run on: what GOMLX_BACKEND does")
	direct := f.Bool("direct", false, "open the backends in this process, which does not survive it if XLA ends it;\nwithout this flag a child does")
	err := program.Parse(f, usage, args, stdout)
	if err != nil {
		return program.Status("doctor", err, stderr)
	}

	if *backend != "" {
		if err := os.Setenv("GOMLX_BACKEND", *backend); err != nil {
			return program.Status("doctor", err, stderr)
		}
	}
	var d fastresnet.Diagnosis
	if *direct {
		d = diagnose(ctx)
	} else if d, err = diagnoseInChild(ctx); err != nil {
		return program.Status("doctor", err, stderr)
	}
	if ctx.Err() != nil {
		return program.Status("doctor", program.ErrInterrupted, stderr)
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(report{d, d.Problems()})
	} else {
		_, err = fmt.Fprint(stdout, text(d))
	}
	if err == nil && d.Backend == "" {
		return program.ExitFailed
	}
	return program.Status("doctor", err, stderr)
}

// diagnose is the library's diagnosis, with how this repository's programs fetch what is missing.
func diagnose(ctx context.Context, leaveOut ...string) fastresnet.Diagnosis {
	d := fastresnet.Diagnose(ctx, leaveOut...)
	if d.DataProblem != "" {
		d.DataProblem += "; " + program.Fetching
	}
	return d
}
