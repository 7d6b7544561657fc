package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// start runs the program, with what it prints.
func start(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// draw writes n drawn images of some classes into a folder each.
func draw(t *testing.T, n int, classes ...string) string {
	t.Helper()
	all, err := data.Synthetic(10*n, 1)
	if err != nil {
		t.Fatal(err)
	}
	set, err := all.Only(classes...)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for i := range min(n, set.Len()) {
		var b bytes.Buffer
		if err := png.Encode(&b, set.Image(i)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, set.Classes()[set.Label(i)], fmt.Sprintf("%d.png", i)), b.String())
	}
	return folder
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	folder := draw(t, 60, "disc", "star")
	write(t, filepath.Join(folder, "disc", "broken.jpg"), "\xff\xd8\xff")
	write(t, filepath.Join(folder, "notes.txt"), "hello")
	content, err := os.ReadFile(filepath.Join(folder, "disc", "0.png"))
	if err != nil {
		content, err = os.ReadFile(filepath.Join(folder, "star", "0.png"))
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "star", "a copy.png"), string(content))
	out := t.TempDir()
	model, sheet, page := filepath.Join(out, "model.safetensors"), filepath.Join(out, "mistakes.png"), filepath.Join(out, "report.html")
	status, stdout, stderr := start(t.Context(), "-train", folder, "-skip", "-backend", "go", "-width", "4", "-epochs", "3", "-size", "16x20",
		"-resize", "pad", "-check", "-save", model, "-threshold", "0.75", "-report", page, "-mistakes", sheet, "-curves", filepath.Join(out, "curves.png"), "-augmented", filepath.Join(out, "augmented.png"))
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	want := `^\S+: 61 images of 16x20x3 in 2 classes, read in \d+\.\d s
  disc: \d+ pictures
  star: \d+ pictures
left out: disc/broken\.jpg: the picture is damaged: its end is missing
not a picture of a class: notes\.txt
warning: the same picture: (disc|star)/0\.png, "star/a copy\.png"
training on 49 pictures, 12 held out
width 4, batch 32, 3 epochs; on go \(.+\)
epoch .*
    1 .*
    2 .*
    3 .*
trained in \d+\.\d s

accuracy \d+\.\d\d %, loss \d\.\d{4}, 12 images
threshold 0\.75: \d+ unknown(, \d+\.\d\d % of the other \d+ right)?
(.*
)+
(as the model sees it: .*
)?(nearly the same picture, similarity \d\.\d{4}: .*
)*((doubtful label.*
)+|no doubtful labels
)
curves: .*
pictures as training changes them: .*
the worst mistakes: .*
report: .*
model: \S+
  go run ./examples/predict -model \S+ PICTURE \.\.\.
$`
	if !regexp.MustCompile(want).MatchString(stdout) {
		t.Errorf("stdout:\n%s\nwant a match of:\n%s", stdout, want)
	}
	loaded, err := fastresnet.Load(model, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if in := loaded.Network().Input; in != (data.Shape{Height: 16, Width: 20, Channels: 3}) || !slices.Equal(loaded.Classes(), []string{"disc", "star"}) {
		t.Errorf("the model takes %v for %q", in, loaded.Classes())
	}
	if got := loaded.Threshold(); got != 0.75 {
		t.Errorf("the model has the threshold %g", got)
	}
	for _, name := range []string{"curves.png", "augmented.png"} {
		if _, err := picture.Open(t.Context(), filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	reported, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(reported), "12\u00a0test images right") ||
		!strings.Contains(string(reported), "threshold is 0.75: answers below it are unknown, which are those to ") ||
		!strings.Contains(string(reported), "go run ./examples/pictures -train") {
		t.Errorf("error %v, page:\n%s", err, reported)
	}
	_, err = picture.Open(t.Context(), sheet)
	if none := strings.Contains(stdout, "\nno mistakes\n"); none != errors.Is(err, fs.ErrNotExist) || !none && err != nil {
		t.Errorf("the sheet of mistakes: %v, and no mistakes: %t", err, none)
	}
}

// A threshold can be tried without saving a model, and one that leaves no answer is said to be too high.
func TestThreshold(t *testing.T) {
	folder := draw(t, 20, "disc", "star")
	for _, test := range []struct{ threshold, want string }{
		{"0.1", "\nthreshold 0.1: 0 unknown, "},
		{"1", "\nthreshold 1: 4 unknown\n"},
	} {
		const tooHigh = "\nthe threshold leaves no answer: take a lower one (the page of -report says which one makes how many answers right)\n"
		status, stdout, stderr := start(t.Context(), "-train", folder, "-backend", "go", "-width", "2", "-epochs", "1", "-threshold", test.threshold)
		if status != program.ExitOK || stderr != "" || strings.Count(stdout, "threshold "+test.threshold) != 1 || !strings.Contains(stdout, test.want) ||
			strings.Contains(stdout, tooHigh) != (test.threshold == "1") {
			t.Errorf("exit status %d, stderr %q, want %q in:\n%s", status, stderr, test.want, stdout)
		}
	}
}

// A run that starts from a saved model, of other classes, makes images of pictures as that does, and trains the classifier alone.
func TestRunFrom(t *testing.T) {
	model, after := filepath.Join(t.TempDir(), "model.safetensors"), filepath.Join(t.TempDir(), "after.safetensors")
	status, _, stderr := start(t.Context(), "-train", draw(t, 40, "disc", "star"), "-backend", "go", "-width", "4", "-epochs", "1", "-size", "16x20", "-resize", "pad", "-save", model)
	if status != program.ExitOK {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	status, stdout, stderr := start(t.Context(), "-train", draw(t, 40, "ring", "dots"), "-backend", "go", "-epochs", "2", "-from", model, "-frozen", "body", "-test-every", "2", "-save", after)
	if status != program.ExitOK || stderr != "" || strings.Contains(stdout, "unknown") {
		t.Fatalf("exit status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
	}
	trained, err := fastresnet.Load(after, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer trained.Close()
	if got := trained.Resizing(); got != data.ResizeByPadding {
		t.Errorf("pictures were resized by %q, want as those of the model", got)
	}
	if got := trained.Network().Input; got != (data.Shape{Height: 16, Width: 20, Channels: 3}) {
		t.Errorf("the images were %v, want them as those of the model", got)
	}
	for _, part := range []string{"started from own after 1 epoch: 40 variables taken, 1 anew\n", "width 4, batch 16, 2 epochs", " %          -         - "} {
		if !strings.Contains(stdout, part) {
			t.Errorf("stdout has no %q:\n%s", part, stdout)
		}
	}
	status, _, stderr = start(t.Context(), "-train", draw(t, 40, "disc", "star"), "-backend", "go", "-from", model, "-frozen", "layer9")
	if status != program.ExitFailed || !strings.Contains(stderr, `frozen "layer9" is no part of the network`) {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	status, _, stderr = start(t.Context(), "-train", draw(t, 20, "disc", "star"), "-from", "nowhere")
	if status != program.ExitFailed || !strings.Contains(stderr, "-from nowhere: need a file, or cifar10") {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
}

// Files that cannot be read are named, one a line, with what to do.
func TestUnreadable(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "my pictures")
	if err := os.Rename(draw(t, 20, "disc", "star"), folder); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "disc", "cut.jpg"), "\xff\xd8\xff")
	write(t, filepath.Join(folder, "star", "all empty.png"), "")
	status, stdout, stderr := start(t.Context(), "-train", folder, "-backend", "go")
	want := `^pictures: disc/cut\.jpg: the picture is damaged: its end is missing
pictures: "star/all empty\.png": it is empty
pictures: 2 of 22 pictures in ".*my pictures" cannot be read: -skip leaves them out
$`
	if status != program.ExitFailed || stdout != "" || !regexp.MustCompile(want).MatchString(stderr) {
		t.Errorf("exit status %d, stdout %q, stderr:\n%s\nwant a match of:\n%s", status, stdout, stderr, want)
	}
}

// A folder of one class is probably a mistake: that is said once, of each set.
func TestOneClass(t *testing.T) {
	sheet := filepath.Join(t.TempDir(), "mistakes.png")
	status, stdout, stderr := start(t.Context(), "-train", draw(t, 5, "disc"), "-backend", "go", "-width", "4", "-epochs", "1", "-mistakes", sheet)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	want := "training on 4 pictures, 1 held out\nwidth 4, batch 4, 1 epoch; on go"
	warnings := `
warning: the training set has images of one class only, "disc"
warning: the test set has images of one class only, "disc"
`
	if !strings.Contains(stdout, want) || !strings.Contains(stdout, warnings) || strings.Count(stdout, "one class") != 2 || !strings.Contains(stdout, ", 1 image\n") {
		t.Errorf("want %q, and then%s in:\n%s", want, warnings, stdout)
	}
	if none := "the worst mistakes: there are none, so " + sheet + " is not written\n"; !strings.Contains(stdout, none) {
		t.Errorf("want %q in:\n%s", none, stdout)
	}
}

// A set of its own to test with, as a list, in grey.
func TestRunWithTest(t *testing.T) {
	folder := draw(t, 40, "disc", "star")
	list := "path,label\n"
	for _, class := range []string{"disc", "star"} {
		files, err := filepath.Glob(filepath.Join(folder, class, "*.png"))
		if err != nil {
			t.Fatal(err)
		}
		list += fmt.Sprintf("%s,%s\n", files[0], class)
	}
	write(t, filepath.Join(folder, "test.csv"), list)
	status, stdout, stderr := start(t.Context(), "-train", folder, "-test", filepath.Join(folder, "test.csv"), "-grey", "-backend", "go", "-width", "4", "-epochs", "1")
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	for _, part := range []string{"40 images of 32x32x1 in 2 classes", "2 images of 32x32x1 in 2 classes", "training on 40 pictures, 2 held out",
		fmt.Sprintf(" in %s, %s", folder, filepath.Join(folder, "disc")), ".png in " + filepath.Join(folder, "test.csv") + "\n",
		"warning: 2 of 2 test pictures are training pictures too, so that the test looks too good\n"} {
		if !strings.Contains(stdout, part) {
			t.Errorf("stdout has no %q:\n%s", part, stdout)
		}
	}
}

// A set that is tested with itself: some copies are named, and how many there are.
func TestManyCopies(t *testing.T) {
	folder := draw(t, 60, "disc", "star")
	status, stdout, stderr := start(t.Context(), "-train", folder, "-test", folder, "-batch", "61")
	if want := "pictures: -batch 61: there are 60 pictures to train on\n"; status != program.ExitFailed || stderr != want {
		t.Fatalf("exit status %d, stderr %q, want %q", status, stderr, want)
	}
	const first = "warning: 60 of 60 test pictures are training pictures too, so that the test looks too good\nwarning: the same picture: "
	const rest = "\nwarning: the same picture: 40 more such groups\n"
	if n := strings.Count(stdout, "warning: the same picture: "); n != 21 || !strings.Contains(stdout, first) || !strings.HasSuffix(stdout, rest) {
		t.Errorf("%d groups of copies, want 20, behind %q and with %q at the end of:\n%s", n-1, first, rest, stdout)
	}
}

func TestMistakesOfUse(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no folder", nil, "-train: need a folder"},
		{"a folder that there is not", []string{"-train", "nowhere"}, "reading nowhere: data not found: there is no such folder or zip file"},
		{"a folder of pictures without classes", []string{"-train", filepath.Join(draw(t, 5, "disc"), "disc")}, ": invalid data: its pictures are in no folders: need one for each class, as in cats/1.jpg and dogs/2.jpg, or a list (.csv, .jsonl) of paths and labels"},
		{"sizes", []string{"-train", "x", "-size", "7"}, "-size 7: need"},
		{"sizes of words", []string{"-train", "x", "-size", "32xbig"}, "-size 32xbig: need"},
		{"more than a size", []string{"-train", "x", "-size", "32x32x3"}, "-size 32x32x3: need"},
		{"resizing", []string{"-train", "x", "-resize", "fill"}, "-resize fill: need crop, stretch or pad"},
		{"held out and test", []string{"-train", "x", "-test", "y", "-held-out", "0.5"}, "-held-out: there is -test"},
		{"a share above 1", []string{"-train", "x", "-held-out", "1.5"}, "-held-out 1.5: need a share above 0 and below 1, or a number of pictures"},
		{"a model that is a picture", []string{"-train", "x", "-save", "m.png"}, "-save m.png: need a name that ends in .safetensors"},
		{"a figure of no kind", []string{"-train", "x", "-augmented", "a.jpg"}, "-augmented a.jpg: need a name that ends in .png or .svg"},
		{"several, in one order", []string{"-train", "x", "-from", "", "-test", "", "-augmented", "c.jpg", "-mistakes", "b.jpg", "-curves", "a.jpg"},
			"-test: need a name; -from: need a name; -curves a.jpg: need a name that ends in .png or .svg; -mistakes b.jpg: need a name that ends in .png or .svg; -augmented c.jpg: need"},
		{"none held out", []string{"-train", "x", "-held-out", "0"}, "-held-out 0: need"},
		{"another width than the model's", []string{"-train", "x", "-from", "cifar10", "-width", "16"}, "-width 16: the network, and so its width, is that of the model of -from: leave it out"},
		{"grey from a model in colour", []string{"-train", "x", "-from", "cifar10", "-grey"}, "pictures: -grey: the model of -from is for pictures in colour: leave it out\n"},
		{"a word that is no model", []string{"-train", "x", "-from", "CIFAR100"}, "need a file, or cifar10"},
		{"no probability", []string{"-train", "x", "-save", "m", "-threshold", "-0.1"}, "-threshold: need a probability, 0 to 1"},
		{"frozen from scratch", []string{"-train", "x", "-frozen", "body"}, "-frozen: need a model to start from, -from"},
		{"no width", []string{"-train", "x", "-width", "0"}, "-width 0: need at least 1"},
		{"no tests", []string{"-train", "x", "-test-every", "0"}, "-test-every 0: need at least 1"},
		{"no name", []string{"-train", "x", "-save", ""}, "-save: need the name of a file"},
		{"no test", []string{"-train", "x", "-test", ""}, "-test: need a name"},
		{"no model", []string{"-train", "x", "-from", ""}, "-from: need a name"},
		{"one file for both", []string{"-train", "x", "-curves", "c.png", "-augmented", "c.png"}, "-curves and -augmented: both name c.png"},
		{"watched at no port", []string{"-train", "x", "-watch", "8080"}, "-watch 8080: need a port"},
		{"a page in no folder", []string{"-train", "x", "-report", "nowhere/r.html"}, "-report nowhere/r.html: "},
		{"several at once", []string{"-size", "0", "-epochs", "-1"}, "-epochs -1: need at least 1"},
		{"an argument", []string{"-train", "x", "y"}, `unexpected argument "y"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := start(t.Context(), tt.args...)
			if status != program.ExitFailed || stdout != "" || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit status %d, stdout %q, stderr %q; want one line with %q", status, stdout, stderr, tt.want)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	status, _, stderr := start(ctx, "-train", draw(t, 20, "disc", "star"), "-backend", "go")
	if status != program.ExitInterrupted || stderr != "pictures: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
}

// cancelling is a writer that cancels a context once a text is written to it.
type cancelling struct {
	bytes.Buffer
	at     string
	cancel func()
}

func (c *cancelling) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if strings.Contains(c.String(), c.at) {
		c.cancel()
	}
	return n, err
}

// A run that is interrupted leaves what there is of it: a model, curves, and a report that says so.
func TestInterruptedInTraining(t *testing.T) {
	out := t.TempDir()
	model, curves, page := filepath.Join(out, "m.safetensors"), filepath.Join(out, "c.svg"), filepath.Join(out, "r.html")
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &cancelling{at: "\n    2 ", cancel: cancel}, &bytes.Buffer{}
	status := run(ctx, []string{"-train", draw(t, 20, "disc", "star"), "-backend", "go", "-width", "2", "-epochs", "9", "-seed", "4",
		"-save", model, "-threshold", "0.9", "-curves", curves, "-report", page}, stdout, stderr)
	if status != program.ExitInterrupted || stderr.String() != "pictures: interrupted\n" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	want := fmt.Sprintf("\ncurves: %s\nreport: %s\nmodel: %s\n  answers below a probability of 0.9 are unknown; how many that are has not been tested\n  go run ./examples/predict -model %[3]s PICTURE ...\n", curves, page, model)
	if !strings.HasSuffix(stdout.String(), want) {
		t.Errorf("stdout:\n%s\nwant this at its end:\n%s", stdout, want)
	}
	loaded, err := fastresnet.Load(model, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if n := len(loaded.Record().Epochs); n < 2 || n > 3 {
		t.Errorf("the model is of %d epochs", n)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "after 2 of 9\u00a0epochs") {
		t.Errorf("error %v, page:\n%s", err, text)
	}
}

// A model that cannot be written is not hidden by the interruption.
func TestInterruptedWithoutModel(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(out, "m.safetensors")
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &cancelling{at: "\n    2 ", cancel: func() { os.Remove(out); cancel() }}, &bytes.Buffer{}
	status := run(ctx, []string{"-train", draw(t, 20, "disc", "star"), "-backend", "go", "-width", "2", "-epochs", "9", "-save", model}, stdout, stderr)
	if want := "pictures: interrupted; -save " + model + ": "; status != program.ExitInterrupted || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit status %d, stderr %q, want %q", status, stderr, want)
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := start(t.Context(), "-h")
	if status != program.ExitOK || stderr != "" || !strings.Contains(stdout, "Usage: pictures") || !strings.Contains(stdout, "-held-out") {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}
