package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/folderlock"
)

// small is a study of four short runs.
const small = `{
	"settings": {"recipe": "resnet9-24", "width": 4, "epochs": 2, "batch_size": 32},
	"grid": {"peak_rate": [0.1, 0.4]}, "seeds": {"count": 2}, "train_images": 160, "held_out": 0.2
}`

// process is a call of the program on a study in a folder.
type process struct {
	ctx    context.Context
	folder string
}

// start writes the study to a folder of its own.
func start(t *testing.T, study string) process {
	t.Helper()
	p := process{ctx: t.Context(), folder: t.TempDir()}
	if err := os.WriteFile(filepath.Join(p.folder, "study.json"), []byte(study), 0o666); err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs the program with more flags, and wants an exit status.
func (p process) run(t *testing.T, status int, flags ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"-data", "synthetic", "-backend", "go"}, append(flags, filepath.Join(p.folder, "study.json"))...)
	if got := run(p.ctx, args, &out, &errs); got != status {
		t.Errorf("status %d, want %d; %s%s", got, status, &out, &errs)
	}
	return out.String(), errs.String()
}

// stopped runs the program and stops it as soon as there is a checkpoint, and wants an exit status.
func (p process) stopped(t *testing.T, status int, cause error) (stdout, stderr string) {
	t.Helper()
	ctx, stop := context.WithCancelCause(p.ctx)
	defer stop(nil)
	go func() {
		for ctx.Err() == nil {
			if found, _ := filepath.Glob(filepath.Join(p.folder, "study.results", "unfinished", "*", "*.safetensors")); len(found) > 0 {
				stop(cause)
			}
			time.Sleep(time.Millisecond)
		}
	}()
	p.ctx = ctx
	return p.run(t, status)
}

// lines are those of an output that have a word.
func lines(output, word string) (n int) {
	for line := range strings.Lines(output) {
		if strings.Contains(line, " "+word+" ") {
			n++
		}
	}
	return n
}

// tableOf is the table that is printed at the end, timeless.
func tableOf(t *testing.T, output string) string {
	t.Helper()
	i := strings.Index(output, "peak_rate  n")
	if i < 0 {
		t.Fatalf("no table in %s", output)
	}
	return timeless(output[i:])
}

// TestSweep has a study run, and not again.
func TestSweep(t *testing.T) {
	p := start(t, small)
	first, _ := p.run(t, program.ExitOK)
	if n := lines(first, "done"); n != 4 {
		t.Errorf("%d runs done, want 4:\n%s", n, first)
	}
	for name, flags := range map[string][]string{"again": nil, "the table alone": {"-table"}} {
		t.Run(name, func(t *testing.T) {
			again, _ := p.run(t, program.ExitOK, flags...)
			if timeless(again) != tableOf(t, first) {
				t.Errorf("it printed\n%swant the table alone:\n%s", again, tableOf(t, first))
			}
		})
	}
	left, err := os.ReadDir(filepath.Join(p.folder, "study.results", "unfinished"))
	if err != nil || len(left) > 0 {
		t.Errorf("unfinished: %v, error %v", left, err)
	}
}

// TestSharesOfAStudy has several processes do a study's shares at a time, and the results merged by copying: the table is the one
// of a single process.
func TestSharesOfAStudy(t *testing.T) {
	whole := start(t, small)
	want, _ := whole.run(t, program.ExitOK)
	merged := start(t, small)
	results := filepath.Join(merged.folder, "study.results")
	if err := os.Mkdir(results, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"1/3", "2/3", "3/3"} {
		other := start(t, small)
		if stdout, _ := other.run(t, program.ExitOK, "-share", part); lines(stdout, "done") == 0 {
			t.Errorf("part %s: nothing done:\n%s", part, stdout)
		}
		if err := os.CopyFS(results, os.DirFS(filepath.Join(other.folder, "study.results"))); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := merged.run(t, program.ExitOK, "-table"); timeless(got) != tableOf(t, want) {
		t.Errorf("the table of the shares:\n%swant\n%s", got, tableOf(t, want))
	}
}

// TestManyProcesses has three do all of a study in one folder at a time: each run is done once.
func TestManyProcesses(t *testing.T) {
	p := start(t, small)
	var outputs [3]string
	var statuses [3]int
	var all sync.WaitGroup
	for i := range outputs {
		all.Go(func() {
			var out, errs bytes.Buffer
			statuses[i] = run(p.ctx, []string{"-data", "synthetic", "-backend", "go", filepath.Join(p.folder, "study.json")}, &out, &errs)
			outputs[i] = out.String() + errs.String()
		})
	}
	all.Wait()
	together := strings.Join(outputs[:], "")
	slices.Sort(statuses[:])
	if statuses[0] != program.ExitOK || statuses[2] != program.ExitOK && statuses[2] != exitAgain { // the last one to end has nothing to wait for
		t.Errorf("statuses %v:\n%s", statuses, together)
	}
	for _, word := range []string{"started", "done"} {
		if n := lines(together, word); n != 4 {
			t.Errorf("%d runs %s, want 4:\n%s", n, word, together)
		}
	}
	if again, _ := p.run(t, program.ExitOK); lines(again, "started") > 0 {
		t.Errorf("something was left to do:\n%s", again)
	}
}

// TestLeavingARun has a process turn to a run that another one, which has done it, is leaving: there is nothing wrong with that.
func TestLeavingARun(t *testing.T) {
	w := &worker{folder: folder(t.TempDir())}
	for i := range 300 {
		r := trial{id: fmt.Sprintf("%08x", i)}
		lock, err := w.folder.claim(r.id)
		if err != nil {
			t.Fatal(err)
		}
		var other sync.WaitGroup
		other.Go(func() {
			for {
				err := w.do(t.Context(), r)
				if err == nil {
					return
				}
				if !errors.Is(err, folderlock.ErrInUse) {
					t.Error(err)
					return
				}
			}
		})
		if err := errors.Join(w.folder.keep(outcome{ID: r.id}), lock.Release()); err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(w.folder.unfinished(r.id)) // the other may be about to lock it
		other.Wait()
	}
}

// TestStopped has a process be stopped by SIGTERM and by Ctrl-C within runs, and others go on: the table is the one of a
// process that was never stopped.
func TestStopped(t *testing.T) {
	for name, test := range map[string]struct {
		cause  error
		status int
	}{
		"SIGTERM": {program.ErrTerminated, exitAgain},
		"Ctrl-C":  {program.ErrInterrupted, program.ExitInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && test.cause != program.ErrTerminated {
				t.Skip("-short: SIGTERM stops it in the same way")
			}
			longer := strings.Replace(small, `"epochs": 2`, `"epochs": 3`, 1) // than it takes to see the first epoch's checkpoint
			want, _ := start(t, longer).run(t, program.ExitOK)
			p := start(t, longer)
			stopped, errs := p.stopped(t, test.status, test.cause)
			if lines(stopped, "stopped") != 1 || !strings.Contains(errs, test.cause.Error()) {
				t.Errorf("it printed\n%s%s", stopped, errs)
			}
			got, _ := p.run(t, program.ExitOK)
			if lines(got, "resumed") != 1 || lines(stopped, "done")+lines(got, "done") != 4 {
				t.Errorf("stopped:\n%sand gone on:\n%s", stopped, got)
			}
			if tableOf(t, got) != tableOf(t, want) {
				t.Errorf("the table is\n%swant\n%s", tableOf(t, got), tableOf(t, want))
			}
		})
	}
}

// doing is a writer that does something once a word is printed.
type doing struct {
	bytes.Buffer
	word string
	do   func()
}

func (d *doing) Write(text []byte) (int, error) {
	if lines(string(text), d.word) > 0 {
		d.do()
	}
	return d.Buffer.Write(text)
}

// TestStoppedWithoutCheckpoint has the checkpoint of a run that is stopped have nowhere to go: it is an error, and not said to go on.
func TestStoppedWithoutCheckpoint(t *testing.T) {
	p := start(t, strings.Replace(small, `"epochs": 2`, `"epochs": 20`, 1))
	p.stopped(t, exitAgain, program.ErrTerminated)
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	out, errs := &doing{word: "resumed", do: func() {
		os.RemoveAll(filepath.Join(p.folder, "study.results", "unfinished"))
		stop(program.ErrTerminated)
	}}, &bytes.Buffer{}
	status := run(ctx, []string{"-data", "synthetic", "-backend", "go", filepath.Join(p.folder, "study.json")}, out, errs)
	if status != program.ExitFailed || !strings.Contains(errs.String(), "seed 1: checkpoint: ") || strings.Contains(errs.String(), "goes on") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}

// TestStages has the shares of a study with halving wait for one another.
func TestStages(t *testing.T) {
	p := start(t, `{
		"settings": {"recipe": "resnet9-24", "width": 4, "batch_size": 64}, "grid": {"peak_rate": [0.1, 0.4]},
		"train_images": 256, "held_out": 0.2, "halving": {"epochs": [1, 2], "keep": 0.5}
	}`)
	_, errs := p.run(t, exitAgain, "-share", "1/2")
	if !strings.Contains(errs, "the next stage needs the runs of other shares") {
		t.Errorf("it said %s", errs)
	}
	p.run(t, program.ExitOK, "-share", "2/2")
	last, _ := p.run(t, program.ExitOK, "-share", "1/2")
	if rows := strings.Count(last, " 1   "); lines(last, "done") != 1 || rows == 0 {
		t.Errorf("the last stage:\n%s", last)
	}
}

// TestFolds has each part be tested with once.
func TestFolds(t *testing.T) {
	p := start(t, `{"settings": {"recipe": "resnet9-24", "width": 4, "epochs": 1, "batch_size": 64}, "train_images": 256, "folds": 3}`)
	out, _ := p.run(t, program.ExitOK)
	for _, fold := range []string{"fold 1", "fold 2", "fold 3"} {
		if !strings.Contains(out, fold+": accuracy") {
			t.Errorf("no %s in\n%s", fold, out)
		}
	}
	if !strings.Contains(out, "on 3 parts of the first 256 training images") {
		t.Errorf("the note does not say what was tested with:\n%s", out)
	}
}

// TestImpossibleRuns has configurations that cannot be trained on the images be found before anything is trained, or else stop no
// other.
func TestImpossibleRuns(t *testing.T) {
	const study = `{
		"settings": {"recipe": "resnet9-24", "width": 4, "epochs": 1}, "train_images": 160, "held_out": 0.2,
		"grid": {FIELD}
	}`
	for _, test := range []struct {
		name, field string
		done        int
		want        string
	}{
		{"a batch beyond the images", `"batch_size": [32, 640], "label_smoothing": [0, 0.1]`, 0, "batch 640 is larger than the training set of 128 images (in batch_size 640, label_smoothing 0)"},
		{"groups that do not divide a batch", `"batch_size": [32], "design.norm.groups": [1, 64]`, 0, "batch 32, need a multiple of its norm's 64 groups (in batch_size 32, design.norm.groups 64)"},
		{"weights of other classes", `"batch_size": [32, 64], "class_weights": [[1, 2], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]`, 2, "2 class weights for 10 classes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, errs := start(t, strings.Replace(study, "FIELD", test.field, 1)).run(t, program.ExitFailed)
			if n := lines(stdout, "done"); n != test.done || !strings.Contains(errs, test.want) {
				t.Errorf("%d runs done, want %d; it said %s, want %s", n, test.done, errs, test.want)
			}
		})
	}
}

// TestFailures has what stands in the way of a study be said, by -table too.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name  string
		study string
		spoil func(t *testing.T, results string)
		want  string
	}{
		{"a batch beyond the images", strings.Replace(small, "32", "640", 1), nil, "batch 640 is larger than the training set of 128 images"},
		{"a study of seeds alone", `{"settings": {"recipe": "resnet9-24"}, "train_images": 500}`, nil, "batch 512 is larger than the training set of 500 images\n"},
		{"images that are not there", strings.Replace(small, `"train_images": 160`, `"train_images": 50001`, 1), nil, "train_images is 50001 and test_images 0, there are 50000 and 10000"},
		{"nothing to hold out", strings.Replace(small, "0.2", "320", 1), nil, "held_out: "},
		{"a result of another run", small, func(t *testing.T, results string) { rename(t, results) }, "it is the result of another run"},
		{"no result", small, func(t *testing.T, results string) { write(t, filepath.Join(results, "notes.json"), "{}") }, "notes.json: no result of this program, or a damaged one"},
		{"a result of an earlier version", small, func(t *testing.T, results string) {
			write(t, filepath.Join(results, "old.json"), `{"id": "old", "params": 1}`)
		}, `old.json: no result of this program, or a damaged one: move it away to have the run done again: json: unknown field "params"`},
		{"half a result", small, func(t *testing.T, results string) { write(t, filepath.Join(results, "half.json"), `{"id": "ha`) }, "half.json: no result of this program"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := start(t, test.study)
			if test.spoil != nil {
				p.run(t, program.ExitOK, "-share", "1/4")
				test.spoil(t, filepath.Join(p.folder, "study.results"))
			}
			for _, flags := range [][]string{nil, {"-table"}} {
				if stdout, errs := p.run(t, program.ExitFailed, flags...); !strings.Contains(errs, test.want) || stdout != "" {
					t.Errorf("with the flags %q it printed %q and said %s, want %s", flags, stdout, errs, test.want)
				}
			}
		})
	}
}

// Results of other images are not taken for those of these.
func TestOtherImages(t *testing.T) {
	p := start(t, small)
	p.run(t, program.ExitOK)
	var out, errs bytes.Buffer
	if os.Getenv("FASTRESNET_DATA") == "" {
		t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to read")
	}
	if status := run(t.Context(), []string{filepath.Join(p.folder, "study.json")}, &out, &errs); status != program.ExitFailed || !strings.Contains(errs.String(), "is of other images") {
		t.Errorf("status %d: %s", status, &errs)
	}
}

// Merged results of different images make no table.
func TestMergedResultsOfOtherImages(t *testing.T) {
	p, other := start(t, small), start(t, small)
	p.run(t, program.ExitOK, "-share", "1/2")
	other.run(t, program.ExitOK, "-share", "2/2")
	from, results := filepath.Join(other.folder, "study.results"), filepath.Join(p.folder, "study.results")
	files, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, error %v", files, err)
	}
	for _, file := range files { // as if they had been made of others
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(results, filepath.Base(file)), strings.Replace(string(text), `"images":"`, `"images":"other `, 1))
	}
	stdout, errs := p.run(t, program.ExitFailed, "-table")
	if stdout != "" || !strings.Contains(errs, "are of different images, ") {
		t.Errorf("it printed\n%s%s", stdout, errs)
	}
}

// rename gives a result the name of another.
func rename(t *testing.T, results string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(results, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, error %v", files, err)
	}
	if err := os.Rename(files[0], filepath.Join(results, "0123456789abcdef.json")); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
