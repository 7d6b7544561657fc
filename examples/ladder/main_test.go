package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/google/go-cmp/cmp"
)

// tiny are the flags of a climb of a second: two rungs, two seeds.
var tiny = []string{"-data", "synthetic", "-rungs", "9,10", "-width", "2", "-epochs", "1", "-batch", "64",
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

func readResults(t *testing.T, name string) content {
	t.Helper()
	var c content
	if err := c.parse([]byte(readFile(t, name))); err != nil {
		t.Fatal(err)
	}
	return c
}

// steps are the runs of a file, in their order.
func steps(c content) (s []step) {
	for _, r := range c.Runs {
		s = append(s, step{r.Rung, r.Seed})
	}
	return s
}

func compare(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestRun climbs two rungs and looks at all that comes of it.
func TestRun(t *testing.T) {
	folder := t.TempDir()
	file, markdown, report := filepath.Join(folder, "out.json"), filepath.Join(folder, "out.md"), filepath.Join(folder, "out.html")
	status, stdout, stderr := start(t.Context(), with("-seed", "7", "-json", file, "-markdown", markdown, "-report", report, "-chart", filepath.Join(folder, "out.svg"))...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	const figures = `test accuracy +\d+\.\d\d %; \d+\.\d s, of which \d+\.\d s training; [\d,]+ images/s`
	const want = `^4 runs to do; on go \(.+\)
rung  9  shortest-path  seed 7  ` + figures + `
rung 10  plain-1x1      seed 7  ` + figures + `
rung  9  shortest-path  seed 8  ` + figures + `
rung 10  plain-1x1      seed 8  ` + figures + `

 +accuracy +time +ratio
rung  name           what changed .*
   9  shortest-path  .+  55\.9 % +\d+\.\d\d ± \d+\.\d\d %  2    36 s  \d+\.\d s    0\.23 +-
  10  plain-1x1      .+  56\.0 % +\d+\.\d\d ± \d+\.\d\d %  2    32 s  \d+\.\d s    0\.89 +\d+\.\d\d

Here: width 2 where the series has 64, epochs 1, batch 64; synthetic, 256 training and 100 test images\.
4 runs of 2 seeds, \d+s in all, on go \(.+\)\.
(.*\n)+$`
	if !regexp.MustCompile(want).MatchString(stdout) {
		t.Errorf("stdout:\n%s\nwant a match of:\n%s", stdout, want)
	}
	if text := readFile(t, markdown); !strings.HasPrefix(text, "| # | rung |") || !strings.Contains(text, "| 10 | plain-1x1 |") {
		t.Errorf("Markdown:\n%s", text)
	}
	text := readFile(t, report)
	for _, want := range []string{"<h1>4\u00a0runs", "shortest-path, seed 7", "plain-1x1, seed 8", "Where the recipes differ"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}

	chart := readFile(t, filepath.Join(folder, "out.svg"))
	for _, want := range []string{">shortest-path<", ">plain-1x1<", ">published<"} {
		if !strings.Contains(chart, want) {
			t.Errorf("the chart lacks %q", want)
		}
	}

	c := readResults(t, file)
	compare(t, "conditions", conditions{"synthetic", 256, 100, 2, 1, 64}, c.Conditions)
	compare(t, "runs", []step{{9, 7}, {10, 7}, {9, 8}, {10, 8}}, steps(c))
	for _, r := range c.Runs {
		if r.Width != 2 || r.BatchSize != 64 || len(r.Epochs) != 1 || r.Error != "" || math.IsNaN(float64(r.TestAccuracy)) || r.TrainSeconds <= 0 {
			t.Errorf("run: %+v", r)
		}
	}
}

// TestResume goes on with a file: what it holds is not trained again, and more rungs and seeds are added.
func TestResume(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	climb := func(flags ...string) string {
		t.Helper()
		status, stdout, stderr := start(t.Context(), with(append(flags, "-json", file)...)...)
		if status != program.ExitOK || stderr != "" {
			t.Fatalf("exit status %d, stderr %q", status, stderr)
		}
		return stdout
	}
	climb("-seeds", "1", "-rungs", "9")
	first := readResults(t, file)

	stdout := climb()
	if !strings.HasPrefix(stdout, "1 of 4 runs are in the results file already\n3 runs to do; on go (") {
		t.Errorf("stdout:\n%s", stdout)
	}
	second := readResults(t, file)
	compare(t, "runs", []step{{9, 1}, {10, 1}, {9, 2}, {10, 2}}, steps(second))
	compare(t, "the first run", first.Runs[0], second.Runs[0])

	text := readFile(t, file)
	stdout = climb()
	if !strings.HasPrefix(stdout, "4 of 4 runs are in the results file already\n\n") {
		t.Errorf("stdout:\n%s", stdout)
	}
	compare(t, "the file, with nothing to do", text, readFile(t, file))

	t.Run("what the file holds beside is shown", func(t *testing.T) {
		if stdout := climb("-rungs", "10", "-seeds", "1"); !strings.Contains(stdout, "\n   9  shortest-path") {
			t.Errorf("stdout:\n%s", stdout)
		}
	})
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

// TestInterrupted cancels when the first run has been reported: it is kept, and the next one is not.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	signal := func() { cancel(errors.New("interrupt signal received")) } // as package os/signal does
	defer signal()
	stdout, stderr := &cancelOn{text: "rung  9", cancel: signal}, &bytes.Buffer{}
	file := filepath.Join(t.TempDir(), "the results.json")
	status := run(ctx, with("-json", file), stdout, stderr)
	want := "ladder: interrupted; to go on: go run ./examples/ladder " + strings.Join(tiny, " ") + " -json '" + file + "'\n"
	if status != program.ExitInterrupted || stderr.String() != want {
		t.Errorf("exit status %d, stderr %q, want %q", status, stderr, want)
	}
	compare(t, "runs", []step{{9, 1}}, steps(readResults(t, file)))
	if !regexp.MustCompile(`\n  10  plain-1x1      .+  56\.0 % +-  0 `).MatchString(stdout.String()) {
		t.Errorf("no table with a row for what was not run:\n%s", stdout)
	}
}

// TestInterruptedEarly cancels before the first step: there is nothing to show or keep.
func TestInterruptedEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "out.json")
	status, stdout, stderr := start(ctx, with("-quiet", "-json", file)...)
	if status != program.ExitInterrupted || stdout != "" || !strings.HasPrefix(stderr, "ladder: interrupted; to go on: ") {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("results were written, of nothing")
	}
}

// TestDiverged has one run diverge: the ladder goes on.
func TestDiverged(t *testing.T) {
	s, err := parse(with("-seeds", "1"), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := data.Synthetic(256, 1)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "out.json")
	j, err := openJournal(file)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &climber{
		settings: s, journal: j, view: newView(false, &stdout, &stderr),
		options: append(s.options(), fastresnet.WithDataset(set, nil), fastresnet.WithPeakRate(1e38)),
	}
	if err := c.climb(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(stdout.String(), "training diverged"); n != 2 {
		t.Errorf("%d lines about divergence, want 2:\n%s", n, &stdout)
	}
	kept := readResults(t, file)
	compare(t, "runs", []step{{9, 1}, {10, 1}}, steps(kept))
	for _, r := range newTable(fastresnet.Ladder(), s.rungs, kept).rows {
		compare(t, "note", "1 of 1 diverged", r.divergence())
		compare(t, "accuracy", "-", r.accuracy())
	}
}

// TestNoPage has the page fail: the run is kept.
func TestNoPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	s, err := parse(with("-report", "out.html"), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := data.Synthetic(256, 1)
	if err != nil {
		t.Fatal(err)
	}
	smaller, err := data.New(make([]uint8, 3), data.Shape{Height: 1, Width: 1, Channels: 3}, []int{0}, set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(file)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &climber{
		settings: s, journal: j, view: newView(false, &stdout, &stderr), test: smaller,
		options: append(s.options(), fastresnet.WithDataset(set, nil)),
	}
	if err := c.climb(t.Context()); !errors.Is(err, fastresnet.ErrImage) {
		t.Errorf("error %v, want one about the images", err)
	}
	if !strings.Contains(stdout.String(), "\nrung  9 ") {
		t.Errorf("the run is not shown:\n%s", &stdout)
	}
	compare(t, "runs", []step{{9, 1}}, steps(readResults(t, file)))
}

// TestOtherResults refuses files that do not fit, and leaves them as they are.
func TestOtherResults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	if status, _, stderr := start(t.Context(), with("-rungs", "9", "-seeds", "1", "-json", file)...); status != program.ExitOK {
		t.Fatal(stderr)
	}
	good := readFile(t, file)
	for _, test := range []struct {
		name  string
		text  string
		flags []string
		want  string // after the file's name
	}{
		{"width", good, []string{"-width", "4"}, "made with other settings: width 2, now 4; name another file"},
		{"several", good, []string{"-epochs", "0", "-batch", "32", "-test-limit", "50"},
			"made with other settings: test images 100, now 50, epochs 1, now the recipe's own, batch 64, now 32; name another file"},
		{"empty", "", nil, "not results of this program: EOF"},
		{"cut off", good[:len(good)/2], nil, "not results of this program: unexpected EOF"},
		{"twice", good + good, nil, "not results of this program: more than one value"},
		{"of another program", `{"recipe": "resnet9-24"}`, nil, `not results of this program: json: unknown field "recipe"`},
		{"of an earlier version", strings.Replace(good, `"parameters":`, `"params":`, 1), nil, `not results of this program: json: unknown field "params"`},
		{"nothing of ours", "{}", nil, "made with other settings: images , now synthetic"},
		{"another ladder", strings.Replace(good, "shortest-path", "longest-path", 1), nil, `not results of this program: rung 9 is not "longest-path"`},
		{"no such rung", strings.Replace(good, `"rung": 9`, `"rung": 99`, 1), nil, `not results of this program: rung 99 is not "shortest-path"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			status, stdout, stderr := start(t.Context(), with(append(test.flags, "-json", file)...)...)
			if status != program.ExitFailed || stdout != "" || !strings.HasPrefix(stderr, "ladder: -json "+file+": "+test.want) {
				t.Errorf("exit status %d, stdout %q, stderr %q, want %q", status, stdout, stderr, test.want)
			}
			compare(t, "the file", test.text, readFile(t, file))
		})
	}
	t.Run("a run twice", func(t *testing.T) {
		var c content
		if err := json.Unmarshal([]byte(good), &c); err != nil {
			t.Fatal(err)
		}
		c.Runs = append(c.Runs, c.Runs[0])
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := new(content).parse(text); err == nil || err.Error() != "rung 9, seed 1: there twice" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("another device", func(t *testing.T) {
		text := strings.Replace(good, `"device": "`, `"device": "faster `, 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, _, stderr := start(t.Context(), with("-json", file)...)
		if status != program.ExitFailed || !regexp.MustCompile(`^ladder: a run on go \(.+\) does not compare with those on go \(faster .+\): .*\n$`).MatchString(stderr) {
			t.Errorf("exit status %d, stderr %q", status, stderr)
		}
		compare(t, "the file", text, readFile(t, file))
	})
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
		{"size", []string{"-size", "huge"}, "-size huge: need small or full"},
		{"a chart of no kind", []string{"-chart", "chart.jpg"}, "-chart chart.jpg: need a name that ends in .png or .svg"},
		{"rungs", []string{"-rungs", "0,29"}, "-rungs 0: need 1 to 28; -rungs 29"},
		{"width", []string{"-width", "0"}, "-width 0: need at least 1"},
		{"epochs", []string{"-epochs", "-1"}, "-epochs -1: need at least 0"},
		{"batch", []string{"-batch", "-1"}, "-batch -1: need at least 0"},
		{"seeds", []string{"-seeds", "0"}, "-seeds 0: need at least 1"},
		{"seeds beyond the last", []string{"-seed", "18446744073709551615"}, "-seed: the seeds of 2 runs from 18446744073709551615 on go"},
		{"training limit", []string{"-train-limit", "-5"}, "-train-limit -5"},
		{"test limit", []string{"-test-limit", "-5"}, "-test-limit -5"},
		{"several at once", []string{"-size", "huge", "-rungs", "5-3", "-width", "0"}, "-size huge: need small or full; -rungs 5-3: the range runs backwards; -width 0: need at least 1"},
		{"seed", []string{"-seed", "-1"}, "-seed"},
		{"unknown flag", []string{"-nonsense"}, "-nonsense"},
		{"argument", []string{"nonsense"}, `"nonsense"`},
		{"backend", with("-backend", "nonsense"), `rung 9, seed 1: `},
		{"batch beyond the data", with("-batch", "512"), "rung 9: batch 512 is larger than the training set of 256 images"},
		{"no data", []string{"-data", nowhere}, "no"},
		{"data not named", []string{"-data", ""}, "-data"},
		{"results in no folder", with("-json", nowhere), "-json " + nowhere},
		{"results over a folder", with("-json", folder), "-json " + folder + ": it is a folder"},
		{"results to a device", with("-json", os.DevNull), "-json " + os.DevNull + ": not a regular file"},
		{"results not named", []string{"-json", ""}, "-json: need the name of a file"},
		{"table in no folder", with("-markdown", nowhere), "-markdown " + nowhere},
		{"table not named", []string{"-markdown", ""}, "-markdown: need the name of a file"},
		{"one file for both", with("-json", "out", "-markdown", "out"), "-json and -markdown: both name out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := start(t.Context(), test.args...)
			if status != program.ExitFailed {
				t.Errorf("exit status %d, want %d", status, program.ExitFailed)
			}
			if stdout != "" {
				t.Errorf("stdout: %q", stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "ladder: ") ||
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
	for _, name := range []string{"size", "rungs", "width", "epochs", "batch", "seeds", "seed", "train-limit", "test-limit",
		"data", "backend", "json", "markdown", "quiet"} {
		if !strings.Contains(stdout, "\n  -"+name) {
			t.Errorf("the usage does not name -%s", name)
		}
	}
}
