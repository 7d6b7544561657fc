package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/google/go-cmp/cmp"
)

// tiny are the flags of two runs in well under a second.
var tiny = []string{"-data", "synthetic", "-recipes", "9", "-width", "2", "-epochs", "1", "-batch", "64", "-seeds", "2",
	"-train-limit", "256", "-test-limit", "100", "-backend", "go"}

// start runs the program, with what it prints.
func start(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// with are the tiny flags and more; of two that are the same the later one counts.
func with(flags ...string) []string { return append(append([]string{}, tiny...), flags...) }

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readContent(t *testing.T, name string) content {
	t.Helper()
	var c content
	if err := json.Unmarshal([]byte(readFile(t, name)), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func compare(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestRun measures a recipe over two seeds and looks at all that comes of it.
func TestRun(t *testing.T) {
	folder := t.TempDir()
	file, markdown, page := filepath.Join(folder, "out.json"), filepath.Join(folder, "out.md"), filepath.Join(folder, "out.html")
	args := with("-seed", "7", "-target", "0.01", "-peak", "0.5", "-json", file, "-markdown", markdown, "-report", page)
	status, stdout, stderr := start(t.Context(), args...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	const line = `test accuracy +\d+\.\d\d %, 1 % after \d+\.\d\d s; first step after \d+\.\d\d s, training \d+\.\d\d s; [\d,]+ images/s`
	const want = `^2 runs to do; on go \(.+\), float32
shortest-path  seed 7  ` + line + `
shortest-path  seed 8  ` + line + `

recipe .*
shortest-path +\d+\.\d\d ± \d+\.\d\d %  2 +2/2 .* \d+\.\d %.*

On go \(.+\), float32; \d+ cores? .*
(.*\n)+$`
	if !regexp.MustCompile(want).MatchString(stdout) {
		t.Errorf("stdout:\n%s\nwant a match of:\n%s", stdout, want)
	}
	if text := readFile(t, markdown); !strings.HasPrefix(text, "| recipe | accuracy | n | ≥ 1 % |") || !strings.Contains(text, "\n| shortest-path |") {
		t.Errorf("Markdown:\n%s", text)
	}

	if text := readFile(t, page); !strings.Contains(text, "<h1>2\u00a0runs: ") {
		t.Errorf("page:\n%s", text)
	}

	c := readContent(t, file)
	compare(t, "command", "bench "+program.CommandLine(args), c.Command)
	compare(t, "conditions", conditions{Data: "synthetic", TrainImages: 256, TestImages: 100, Width: 2, Epochs: 1, Batch: 64,
		Test: "every", Target: 0.01, Devices: 1, PeakTFLOPS: 0.5}, c.Conditions)
	if len(c.Runs) != 2 || len(c.Recipes) != 1 || c.ColdStartSeconds < c.Runs[0].FirstStepSeconds {
		t.Fatalf("%d runs, %d recipes, cold start %g s; want 2, 1, and more than the first step took", len(c.Runs), len(c.Recipes), c.ColdStartSeconds)
	}
	for i, r := range c.Runs {
		// 4 steps of 64 images.
		if r.Seed != uint64(7+i) || r.Rung != 9 || r.Precision != "float32" || len(r.Epochs) != 1 ||
			r.PrepareSeconds <= 0 || math.Abs(float64(r.DAWNBenchSeconds-r.PrepareSeconds-r.TrainSeconds)) > 1e-9 || r.TargetSeconds != r.DAWNBenchSeconds ||
			r.FirstStepSeconds < r.PrepareSeconds || r.FirstStepSeconds >= r.TotalSeconds || r.FLOPS <= 0 {
			t.Errorf("run: %+v", r)
		}
	}
}

// TestTestAtEnd tests once, with the accuracy that a test after every epoch ends with.
func TestTestAtEnd(t *testing.T) {
	var every, end content
	for when, c := range map[string]*content{testEvery: &every, testEnd: &end} {
		file := filepath.Join(t.TempDir(), "out.json")
		status, _, stderr := start(t.Context(), with("-seeds", "1", "-epochs", "2", "-quiet", "-test", when, "-json", file)...)
		if status != program.ExitOK {
			t.Fatal(stderr)
		}
		*c = readContent(t, file)
	}
	compare(t, "accuracy", every.Runs[0].TestAccuracy, end.Runs[0].TestAccuracy)
	compare(t, "loss", every.Runs[0].Epochs[1].TestLoss, end.Runs[0].Epochs[1].TestLoss)
	if first := end.Runs[0].Epochs[0]; !math.IsNaN(float64(first.TestAccuracy)) {
		t.Errorf("the first epoch was tested: %+v", first)
	}
}

// cancelOn cancels when a text is printed.
type cancelOn struct {
	bytes.Buffer
	text   string
	cancel context.CancelFunc
}

func (c *cancelOn) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.text) {
		c.cancel()
	}
	return c.Buffer.Write(p)
}

// TestNoPage has the page fail: the run is kept.
func TestNoPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	s, err := parse(with("-json", file, "-report", "out.html"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := results.Open("json", file)
	if err != nil {
		t.Fatal(err)
	}
	train, test, err := program.Images(s.data, s.trainLimit, s.testLimit)
	if err != nil {
		t.Fatal(err)
	}
	smaller, err := data.New(make([]uint8, 3), data.Shape{Height: 1, Width: 1, Channels: 3}, []int{0}, test.Classes())
	if err != nil {
		t.Fatal(err)
	}
	b := &bencher{settings: s, train: train, test: test, file: kept, tableFile: &results.File{}}
	b.view = newView(s, callback(func() { b.test = smaller }), io.Discard) // once a run has begun
	if err := b.all(t.Context()); !errors.Is(err, fastresnet.ErrImage) {
		t.Errorf("error %v, want one about the images", err)
	}
	if c := readContent(t, file); len(c.Runs) != 1 || len(c.Recipes) != 1 {
		t.Errorf("the file has %d runs and %d recipes, want 1 of each", len(c.Runs), len(c.Recipes))
	}
}

// callback is called when something is printed.
type callback func()

func (c callback) Write(p []byte) (int, error) {
	c()
	return len(p), nil
}

// TestInterrupted cancels when the first run has been reported: it is kept, and the next one is not.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	signal := func() { cancel(errors.New("interrupt signal received")) } // as package os/signal does
	defer signal()
	stdout, stderr := &cancelOn{text: "seed 1", cancel: signal}, &bytes.Buffer{}
	file := filepath.Join(t.TempDir(), "out.json")
	status := run(ctx, with("-json", file), stdout, stderr)
	if status != program.ExitInterrupted || stderr.String() != "bench: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	if n := len(readContent(t, file).Runs); n != 1 {
		t.Errorf("%d runs in the file, want 1", n)
	}
	if !regexp.MustCompile(`\nshortest-path +\d+\.\d\d %  1 `).MatchString(stdout.String()) {
		t.Errorf("no table of the run there was:\n%s", stdout)
	}
}

// TestInterruptedInEvaluation cancels when the only run has been reported, and its page has not: the page is there, without figures.
func TestInterruptedInEvaluation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &cancelOn{text: "seed 1", cancel: cancel}, &bytes.Buffer{}
	page := filepath.Join(t.TempDir(), "out.html")
	status := run(ctx, with("-seeds", "1", "-report", page), stdout, stderr)
	if status != program.ExitInterrupted || stderr.String() != "bench: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	readFile(t, page)
}

// TestInterruptedEarly cancels before the first step: there is nothing to show or keep.
func TestInterruptedEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "out.json")
	status, stdout, stderr := start(ctx, with("-quiet", "-json", file)...)
	if status != program.ExitInterrupted || stdout != "" || stderr != "bench: interrupted\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("results were written, of nothing")
	}
}

// TestMistakes has one clear line and exit status 1 for everything that a user can get wrong.
func TestMistakes(t *testing.T) {
	folder := t.TempDir()
	nowhere := filepath.Join(folder, "no", "out")
	for _, test := range []struct {
		name string
		args []string
		want string // in the line
	}{
		{"recipes", []string{"-recipes", "0,nonsense"}, fmt.Sprintf("-recipes 0: need 1 to %d; -recipes nonsense: need numbers", len(fastresnet.Recipes()))},
		{"width", []string{"-width", "0"}, "-width 0: need at least 1"},
		{"epochs", []string{"-epochs", "-1"}, "-epochs -1: need at least 0"},
		{"batch", []string{"-batch", "-1"}, "-batch -1: need at least 0"},
		{"seeds", []string{"-seeds", "0"}, "-seeds 0: need at least 1"},
		{"seeds beyond the last", []string{"-seed", "18446744073709551615", "-seeds", "2"}, "-seed: the seeds of 2 runs from 18446744073709551615 on go"},
		{"training limit", []string{"-train-limit", "-5"}, "-train-limit -5"},
		{"test limit", []string{"-test-limit", "-5"}, "-test-limit -5"},
		{"precision", []string{"-precision", "float16"}, "-precision float16: need auto, float32 or bfloat16"},
		{"when to test", []string{"-test", "never"}, "-test never: need every or end"},
		{"target of nothing", []string{"-target", "0"}, "-target 0: need more than 0, and at most 1"},
		{"target in per cent", []string{"-target", "94"}, "-target 94: need more than 0, and at most 1"},
		{"target not a number", []string{"-target", "NaN"}, "-target NaN"},
		{"peak", []string{"-peak", "-1"}, "-peak -1: need 0, for unknown, or more"},
		{"several at once", []string{"-recipes", "5-3", "-width", "0", "-test", "never"}, "-recipes 5-3: the range runs backwards; -width 0: need at least 1; -test never"},
		{"unknown flag", []string{"-nonsense"}, "-nonsense"},
		{"argument", []string{"nonsense"}, `"nonsense"`},
		{"backend", with("-backend", "nonsense"), "shortest-path, seed 1: "},
		{"precision that the backend has not", with("-precision", "bfloat16"), "bfloat16"},
		{"batch beyond the data", with("-batch", "512"), "rung 9: batch 512 is larger than the training set of 256 images"},
		{"no data", []string{"-data", nowhere}, "no"},
		{"data not named", []string{"-data", ""}, "-data"},
		{"results in no folder", with("-json", nowhere), "-json " + nowhere},
		{"results not named", []string{"-json", ""}, "-json: need the name of a file"},
		{"table in no folder", with("-markdown", nowhere), "-markdown " + nowhere},
		{"table not named", []string{"-markdown", ""}, "-markdown: need the name of a file"},
		{"one file for both", with("-json", "out", "-markdown", "out"), "-json and -markdown: both name out"},
		{"page over the results", with("-json", "out", "-report", "out"), "-json and -report: both name out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := start(t.Context(), test.args...)
			if status != program.ExitFailed {
				t.Errorf("exit status %d, want %d", status, program.ExitFailed)
			}
			if stdout != "" {
				t.Errorf("stdout: %q", stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "bench: ") ||
				!strings.Contains(stderr, test.want) || strings.Contains(stderr, "goroutine") {
				t.Errorf("stderr is not one line about %s:\n%s", test.want, stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := start(t.Context(), "-h")
	if status != program.ExitOK || stderr != "" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	for _, name := range []string{"recipes", "width", "epochs", "batch", "seeds", "seed", "train-limit", "test-limit",
		"data", "backend", "devices", "steps-per-dispatch", "precision", "test", "target", "peak", "json", "markdown", "quiet"} {
		if !strings.Contains(stdout, "\n  -"+name) {
			t.Errorf("the usage does not name -%s", name)
		}
	}
}
