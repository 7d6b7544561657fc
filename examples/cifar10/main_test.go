package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tiny are the flags of a run of a second or two.
var tiny = []string{"-data", "synthetic", "-width", "4", "-train-limit", "256", "-test-limit", "100",
	"-batch", "64", "-epochs", "1", "-backend", "go"}

// start runs the program, with what it prints.
func start(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestRun trains for an epoch and compares what is printed and what is written with what was asked for.
func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	status, stdout, stderr := start(t.Context(), append(tiny, "-seed", "7", "-json", file)...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	const want = `^resnet9-24: width 4, batch 64, epochs 1; [\d,]+ parameters
256 training and 100 test images; on go \(.+\)
epoch      lr  train loss  train acc  test loss  test acc  seconds
    1  0\.0000 +\d+\.\d{4} +\d+\.\d\d % +\d+\.\d{4} +\d+\.\d\d % +\d+\.\d
test accuracy \d+\.\d\d %; \d+\.\d s, of which \d+\.\d s training; [\d,]+ images/s on go \(.+\)
$`
	if !regexp.MustCompile(want).MatchString(stdout) {
		t.Errorf("stdout:\n%s\nwant a match of:\n%s", stdout, want)
	}

	var fields map[string]any
	readJSON(t, file, &fields)
	epochs, _ := fields["epochs"].([]any)
	if len(epochs) != 1 {
		t.Fatalf("%d epochs in the file, want 1", len(epochs))
	}
	epoch := epochs[0].(map[string]any)
	wantFields := map[string]any{
		"recipe": "resnet9-24", "backend": "go", "device": fields["device"], "devices": 1.0, "seed": 7.0, "width": 4.0,
		"parameters": fields["parameters"], "batch_size": 64.0, "epochs": epochs, "test_accuracy": epoch["test_accuracy"],
		"images_per_second": fields["images_per_second"], "compile_seconds": fields["compile_seconds"],
		"train_seconds": epoch["train_seconds"], "total_seconds": fields["total_seconds"],
	}
	if diff := cmp.Diff(wantFields, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	wantEpoch := map[string]any{
		"number": 1.0, "rate": 0.0, "train_loss": epoch["train_loss"], "train_accuracy": epoch["train_accuracy"],
		"test_loss": epoch["test_loss"], "test_accuracy": epoch["test_accuracy"], "train_seconds": epoch["train_seconds"],
		"total_seconds": epoch["total_seconds"],
	}
	if diff := cmp.Diff(wantEpoch, epoch); diff != "" {
		t.Errorf("fields of the epoch (-want +got):\n%s", diff)
	}

	var r results.Run
	readJSON(t, file, &r)
	e := r.Epochs[0]
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"parameters", r.Parameters > 1000},
		{"a device", r.Device != ""},
		{"images a second", r.ImagesPerSecond > 0},
		{"a training loss", e.TrainLoss > 0},
		{"a test loss", e.TestLoss > 0},
		{"training accuracy a share of 256", e.TrainAccuracy >= 0 && e.TrainAccuracy <= 1 && whole(256*float64(e.TrainAccuracy))},
		{"test accuracy a share of 100", e.TestAccuracy >= 0 && e.TestAccuracy <= 1 && whole(100*float64(e.TestAccuracy))},
		{"training within the epoch's total", 0 < e.TrainSeconds && e.TrainSeconds < e.TotalSeconds},
		{"the epoch within the total", e.TotalSeconds <= r.TotalSeconds},
		{"compilation and training within the total", r.CompileSeconds >= 0 && r.CompileSeconds+r.TrainSeconds <= r.TotalSeconds},
	} {
		if !c.ok {
			t.Errorf("the file does not have: %s\n%+v", c.name, r)
		}
	}
}

// An epoch that is not tested has no figures, neither in the table nor in the file.
func TestTestEvery(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	status, stdout, stderr := start(t.Context(), append(tiny, "-epochs", "2", "-test-every", "5", "-json", file)...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	const want = `(?m)^    1 .* %          -         - .*\n    2 .* % +\d+\.\d{4} +\d+\.\d\d % .*\ntest accuracy \d`
	if !regexp.MustCompile(want).MatchString(stdout) {
		t.Errorf("stdout:\n%s\nwant a match of:\n%s", stdout, want)
	}
	var r results.Run
	readJSON(t, file, &r)
	if first, last := r.Epochs[0], r.Epochs[1]; !math.IsNaN(float64(first.TestAccuracy)) || r.TestAccuracy != last.TestAccuracy || math.IsNaN(float64(last.TestAccuracy)) {
		t.Errorf("test accuracies %g and %g, %g at the end", first.TestAccuracy, last.TestAccuracy, r.TestAccuracy)
	}
}

func whole(x float64) bool { return math.Abs(x-math.Round(x)) < 1e-9 }

func TestRuns(t *testing.T) {
	file, model := filepath.Join(t.TempDir(), "out.json"), filepath.Join(t.TempDir(), "m.safetensors")
	status, stdout, stderr := start(t.Context(), append(tiny, "-seed", "3", "-runs", "3", "-quiet", "-json", file, "-save", model)...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	if !regexp.MustCompile(`^test accuracy \d+\.\d\d % ± \d+\.\d\d % \(n = 3\); .*\n$`).MatchString(stdout) {
		t.Errorf("stdout is not one line of summary:\n%s", stdout)
	}
	var got series
	readJSON(t, file, &got)
	var seeds []uint64
	var accuracies []float64
	for _, r := range got.Runs {
		seeds, accuracies = append(seeds, r.Seed), append(accuracies, float64(r.TestAccuracy))
	}
	if diff := cmp.Diff([]uint64{3, 4, 5}, seeds); diff != "" {
		t.Fatalf("seeds (-want +got):\n%s", diff)
	}
	mean := (accuracies[0] + accuracies[1] + accuracies[2]) / 3
	std := math.Sqrt((math.Pow(accuracies[0]-mean, 2) + math.Pow(accuracies[1]-mean, 2) + math.Pow(accuracies[2]-mean, 2)) / 2)
	if diff := cmp.Diff([]float64{mean, std}, []float64{float64(got.Mean), float64(got.Std)}, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("mean and deviation (-want +got):\n%s", diff)
	}
	if saved := load(t, model); saved.Seed != 5 {
		t.Errorf("the saved model is that of seed %d, want the last run's, 5", saved.Seed)
	}
}

// load is the run that a saved model came from.
func load(t *testing.T, file string) fastresnet.Record {
	t.Helper()
	model, err := fastresnet.Load(file, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	return model.Record()
}

// TestInterrupted cancels before the first step: there is nothing to report.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "out.json")
	status, _, stderr := start(ctx, append(tiny, "-json", file)...)
	if status != program.ExitInterrupted || stderr != "cifar10: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a report was written, of nothing")
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

// TestInterruptedLater cancels when the first of many epochs has been reported: that much is kept.
func TestInterruptedLater(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, stderr := &cancelOn{text: "    1  ", cancel: cancel}, &bytes.Buffer{}
	file := filepath.Join(t.TempDir(), "out.json")
	model := filepath.Join(t.TempDir(), "m.safetensors")
	status := run(ctx, append(tiny, "-epochs", "1000", "-json", file, "-save", model), stdout, stderr)
	if status != program.ExitInterrupted || stderr.String() != "cifar10: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	if !strings.Contains(stdout.String(), "\ntest accuracy ") {
		t.Errorf("no summary:\n%s", stdout)
	}
	var r results.Run
	readJSON(t, file, &r)
	if r.Error != "interrupted" || r.TestAccuracy != r.Epochs[0].TestAccuracy || len(r.Epochs) > 2 {
		t.Errorf("report of an interrupted run: %+v", r)
	}
	if n := len(load(t, model).Epochs); n != len(r.Epochs) {
		t.Errorf("the saved model has %d epochs, the report %d", n, len(r.Epochs))
	}
}

// TestInterruptedWithoutCheckpoint has a run be stopped whose last checkpoint cannot be written: it says so.
func TestInterruptedWithoutCheckpoint(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	folder := filepath.Join(t.TempDir(), "checkpoints")
	stdout, stderr := &cancelOn{text: "    1  ", cancel: func() { os.RemoveAll(folder); cancel() }}, &bytes.Buffer{}
	model := filepath.Join(t.TempDir(), "m.safetensors")
	status := run(ctx, append(tiny, "-epochs", "1000", "-checkpoint", folder, "-save", model), stdout, stderr)
	if status != program.ExitInterrupted || !strings.HasPrefix(stderr.String(), "cifar10: interrupted; checkpoint: ") {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	if n := len(load(t, model).Epochs); n == 0 {
		t.Error("the saved model has no epochs")
	}
}

// TestMistakes has one clear line and exit status 1 for everything that a user can get wrong.
func TestMistakes(t *testing.T) {
	folder := t.TempDir()
	truncated := filepath.Join(folder, "data_batch_1.bin")
	if err := os.WriteFile(truncated, make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		want string // in the line
	}{
		{"width", []string{"-width", "-1"}, "-width -1"},
		{"epochs", []string{"-epochs", "0"}, "-epochs 0"},
		{"batch", []string{"-batch", "0"}, "-batch 0"},
		{"rate below 0", []string{"-lr", "-1"}, "-lr -1"},
		{"rate no number", []string{"-lr", "NaN"}, "-lr NaN"},
		{"runs", []string{"-runs", "0"}, "-runs 0"},
		{"training limit", []string{"-train-limit", "-5"}, "-train-limit -5"},
		{"test limit", []string{"-test-limit", "-5"}, "-test-limit -5"},
		{"tests", []string{"-test-every", "0"}, "-test-every 0: need at least 1"},
		{"several at once", []string{"-width", "0", "-batch", "-3"}, "-width 0: need at least 1; -batch -3"},
		{"seed", []string{"-seed", "-1"}, "-seed"},
		{"seeds beyond the last", []string{"-seed", "18446744073709551615", "-runs", "2"}, "-seed: the seeds of 2 runs from 18446744073709551615 on go"},
		{"a list and training", []string{"-list", "-json", "y"}, "-list: it trains nothing: leave out the other flags"},
		{"not a number", []string{"-width", "wide"}, `"wide"`},
		{"unknown flag", []string{"-nonsense"}, "-nonsense"},
		{"argument", []string{"nonsense"}, `"nonsense"`},
		{"recipe", []string{"-recipe", "nonsense"}, "resnet9-24"},
		{"backend", []string{"-data", "synthetic", "-train-limit", "600", "-test-limit", "1", "-backend", "nonsense"}, `"nonsense"`},
		{"plugin", []string{"-data", "synthetic", "-train-limit", "600", "-test-limit", "1", "-backend", "xla:/no/such/plugin.so"}, "xla:/no/such/plugin.so"},
		{"batch beyond the data", []string{"-data", "synthetic", "-train-limit", "100", "-test-limit", "1", "-batch", "128"}, "128"},
		{"no data", []string{"-data", filepath.Join(folder, "nowhere")}, "nowhere"},
		{"data not named", []string{"-data", ""}, "-data"},
		{"truncated data", []string{"-data", folder}, "data_batch_1.bin"},
		{"not an archive", []string{"-data", truncated}, "data_batch_1.bin"},
		{"report in no folder", []string{"-json", filepath.Join(folder, "no", "out.json")}, "out.json"},
		{"report over a folder", []string{"-json", folder}, "folder"},
		{"report not named", []string{"-json", ""}, "-json"},
		{"model in no folder", []string{"-save", filepath.Join(folder, "no", "m.safetensors")}, "-save"},
		{"model over a folder", []string{"-save", folder}, "folder"},
		{"model not named", []string{"-save", ""}, "-save"},
		{"page in no folder", []string{"-report", filepath.Join(folder, "no", "r.html")}, "-report"},
		{"page not named", []string{"-report", ""}, "-report: need the name of a file"},
		{"page over the results", []string{"-report", "out.json", "-json", "out.json"}, "-json and -report: both name out.json"},
		{"table over the results", []string{"-csv", "out.json", "-json", "out.json"}, "-json and -csv: both name out.json"},
		{"watched at no port", []string{"-watch", "8080"}, "-watch 8080: need a port"},
		{"watched nowhere", []string{"-watch", ""}, "-watch: need an address"},
		{"model over the report", []string{"-save", "out.json", "-json", "out.json"}, "out.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := start(t.Context(), test.args...)
			if status != program.ExitFailed {
				t.Errorf("exit status %d, want %d", status, program.ExitFailed)
			}
			if stdout != "" {
				t.Errorf("stdout: %q", stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "cifar10: ") ||
				!strings.Contains(stderr, test.want) || strings.Contains(stderr, "goroutine") {
				t.Errorf("stderr is not one line about %s:\n%s", test.want, stderr)
			}
		})
	}
}

// TestDownloadToAnArchive makes no folder of that name.
func TestDownloadToAnArchive(t *testing.T) {
	for _, name := range []string{"images.tar.gz", "images.tar"} {
		for how, flags := range map[string][]string{"by the flag": {"-data", name}, "by the environment": nil} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Chdir(t.TempDir())
				t.Setenv("FASTRESNET_DATA", name)
				status, _, stderr := start(t.Context(), append(flags, "-download")...)
				if want := "cifar10: -download: there is no archive " + name + ": "; status != program.ExitFailed || !strings.HasPrefix(stderr, want) {
					t.Errorf("exit status %d, stderr %q, want %q", status, stderr, want)
				}
				if _, err := os.Stat(name); err == nil {
					t.Error("there is something of that name now")
				}
			})
		}
	}
}

// TestList looks at rungs that have all figures, lack the accuracy, and lack the time, and at a recipe that is no
// rung.
func TestList(t *testing.T) {
	status, stdout, stderr := start(t.Context(), "-list")
	if status != program.ExitOK || stderr != "" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	lines := strings.Split(stdout, "\n")
	for i, want := range map[int]string{
		0:  "rung  recipe             width  batch  epochs  peak lr  accuracy  time             description",
		1:  "   1  dawn-found            64    128      35  0.1      -         356 s on V100    ",
		18: "  18  resnet9-24            64    512      24  0.4      94.08 %   79 s on V100     ",
		28: "  28  long                  64    512      80  0.4      96.1 %    -                ",
		29: "   -  airbench94-muon       64   2000       8  0.24     94.01 %   2.59 s on A100   ",
		30: "   -  airbench94-2025       64   1536       8  0.205    94.01 %   2.015 s on A100  ",
		31: "   -  airbench96           128   1024      37  1.174    96.03 %   34.7 s on A100   ",
		32: "   -  airbench96-faster    128   1024      45  0.587    96.0 %    27.3 s on A100   ",
	} {
		if i > 0 {
			want += fastresnet.Recipes()[i-1].Description
		}
		if len(lines) <= i || lines[i] != want {
			t.Errorf("line %d is not %q:\n%s", i, want, stdout)
		}
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := start(t.Context(), "-h")
	if status != program.ExitOK || stderr != "" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	for _, name := range []string{"data", "recipe", "list", "checkpoint", "resume", "backend", "width", "epochs", "batch", "lr", "seed", "runs",
		"train-limit", "test-limit", "test-every", "json", "save", "quiet"} {
		if !strings.Contains(stdout, "\n  -"+name) {
			t.Errorf("the usage does not name -%s", name)
		}
	}
}

// A run that has come to its end is told again from its checkpoint; without -resume the folder is not touched.
func TestResume(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "checkpoints")
	flags := append(tiny, "-runs", "2", "-checkpoint", folder)
	status, whole, stderr := start(t.Context(), flags...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	want := "cifar10: -checkpoint " + filepath.Join(folder, "seed-1") + ": a run has left checkpoints there: go on from them with -resume, or name another folder\n"
	if status, _, stderr := start(t.Context(), flags...); status != program.ExitFailed || stderr != want {
		t.Errorf("without -resume: exit status %d, stderr %q, want %q", status, stderr, want)
	}
	status, resumed, stderr := start(t.Context(), append(flags, "-resume")...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("with -resume: exit status %d, stderr %q", status, stderr)
	}
	const note = "resumed from checkpoint-00001-0000004.safetensors\n"
	row := regexp.MustCompile(`(?m)^ +1 .*$`)
	if strings.Count(resumed, note) != 2 || !slices.Equal(row.FindAllString(whole, -1), row.FindAllString(resumed, -1)) {
		t.Errorf("stdout:\n%s\nat first:\n%s", resumed, whole)
	}
}

// TestLogs has the epochs written to a table and for TensorBoard.
func TestLogs(t *testing.T) {
	table, board := filepath.Join(t.TempDir(), "epochs.csv"), filepath.Join(t.TempDir(), "board")
	status, _, stderr := start(t.Context(), append(tiny, "-quiet", "-csv", table, "-tensorboard", board)...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	text, err := os.ReadFile(table)
	if err != nil || !strings.HasPrefix(string(text), "epoch,rate,") || strings.Count(string(text), "\n") != 2 {
		t.Errorf("the table is %q, %v; want a header and a row", text, err)
	}
	if files, err := filepath.Glob(filepath.Join(board, "events.out.tfevents.*")); err != nil || len(files) != 1 {
		t.Errorf("for TensorBoard there are %q, %v; want one file", files, err)
	}
}

// TestLogsOfARunThatDoesNotStart has the table of an earlier run stay, as no run has taken its place.
func TestLogsOfARunThatDoesNotStart(t *testing.T) {
	table := filepath.Join(t.TempDir(), "epochs.csv")
	if err := os.WriteFile(table, []byte("earlier"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-backend", "nonsense"}, {"-batch", "512"}, {"-tensorboard", table}} {
		if status, _, stderr := start(t.Context(), slices.Concat(tiny, []string{"-csv", table}, args)...); status != program.ExitFailed {
			t.Errorf("%v: exit status %d, stderr %q", args, status, stderr)
		}
	}
	if text, err := os.ReadFile(table); string(text) != "earlier" || err != nil {
		t.Errorf("the table is %q, %v", text, err)
	}
}

func TestLogsThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"-csv", "-tensorboard"} {
		status, _, stderr := start(t.Context(), append(tiny, flag, filepath.Join(file, "below"))...)
		if status != program.ExitFailed || !strings.HasPrefix(stderr, "cifar10: "+flag) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit status %d, stderr %q; want one line about the flag", flag, status, stderr)
		}
	}
}
