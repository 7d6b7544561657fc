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
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

const usage = `Usage: doctor [flags]

Says what training would run on here, what is in the way of better, and what to do
about it. It trains nothing and downloads nothing. The exit status is 0 if training
can run, 1 if it cannot: the backend "auto", or the one that -backend names, then fails.

`

func main() { program.Main("doctor", run) }

// report is what is printed.
type report struct {
	fastresnet.Diagnosis
	Problems []string `json:"problems"`
}

// backendVariable names the backend that "auto" must take; -backend sets it, for this process and its child.
const backendVariable = "GOMLX_BACKEND"

// reportOf is the report on a diagnosis, without a word about the variable where it was the flag -backend that set it.
func reportOf(d fastresnet.Diagnosis, byFlag bool) report {
	r := report{d, d.Problems()}
	if byFlag {
		delete(r.Environment, backendVariable)
		r.Problems = slices.DeleteFunc(r.Problems, func(p string) bool { return strings.HasPrefix(p, backendVariable+": ") })
	}
	return r
}

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("doctor", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "print everything as JSON")
	backend := f.String("backend", "", "look at this backend first, which training must then run on: what the environment's "+backendVariable+" does")
	direct := f.Bool("direct", false, "open the backends in this process, which does not survive it if XLA ends it;\nwithout this flag a child does")
	err := program.Parse(f, usage, args, stdout)
	if err != nil {
		return program.Status("doctor", err, stderr)
	}

	if *backend != "" {
		if err := os.Setenv(backendVariable, *backend); err != nil {
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
	r := reportOf(d, *backend != "")
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		_, err = fmt.Fprint(stdout, r.text())
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
