package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// A figure that cannot be written costs neither the model nor the other files.
func TestFigureThatCannotBeWritten(t *testing.T) {
	out := t.TempDir()
	figures, model, page := filepath.Join(out, "figures"), filepath.Join(out, "m.safetensors"), filepath.Join(out, "r.html")
	if err := os.Mkdir(figures, 0o777); err != nil {
		t.Fatal(err)
	}
	curves := filepath.Join(figures, "c.svg")
	stdout, stderr := &cancelling{at: "\n    1 ", cancel: func() { os.Remove(figures) }}, &bytes.Buffer{}
	status := run(t.Context(), []string{"-train", draw(t, 20, "disc", "star"), "-backend", "go", "-width", "2", "-epochs", "1",
		"-save", model, "-curves", curves, "-report", page}, stdout, stderr)
	if want := "pictures: -curves " + curves + ": "; status != program.ExitFailed || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit status %d, stderr %q, want %q", status, stderr, want)
	}
	if want := fmt.Sprintf("\nreport: %s\nmodel: %s\n", page, model); !strings.Contains(stdout.String(), want) {
		t.Errorf("want %q in:\n%s", want, stdout)
	}
	loaded, err := fastresnet.Load(model, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	loaded.Close()
	if _, err := os.Stat(page); err != nil {
		t.Error(err)
	}
}

// Classes that have no picture that can be read are named beside the pictures that cannot be, which to leave out does not help them.
func TestClassesWithoutPictures(t *testing.T) {
	folder := draw(t, 20, "disc", "star")
	write(t, filepath.Join(folder, "disc", "cut.jpg"), "\xff\xd8\xff")
	write(t, filepath.Join(folder, "ring", "empty.png"), "")
	for _, name := range []string{"IMG_1.CR2", "IMG_2.CR2", ".DS_Store"} {
		write(t, filepath.Join(folder, "to do", name), "")
	}
	for _, test := range []struct {
		args   []string
		advice string
	}{{nil, ": -skip leaves them out"}, {[]string{"-skip"}, ""}} {
		status, stdout, stderr := start(t.Context(), append(test.args, "-train", folder, "-backend", "go")...)
		const class = "there is no picture that can be read of the class %s in %s: give it some, or remove its folder or label"
		want := "pictures: disc/cut.jpg: the picture is damaged: its end is missing\npictures: ring/empty.png: it is empty\n" +
			"pictures: 2 of 22 pictures in " + folder + " cannot be read" + test.advice + "; " +
			fmt.Sprintf(class, "ring", folder) + "; " + fmt.Sprintf(class, `"to do"`, folder) +
			` (not opened: 2 files, as "to do/IMG_1.CR2", for the ending of the name: need PNG, JPEG, GIF, WebP, BMP or TIFF files)` + "\n"
		if status != program.ExitFailed || stdout != "" || stderr != want {
			t.Errorf("exit status %d, stdout %q, stderr:\n%s\nwant:\n%s", status, stdout, stderr, want)
		}
	}
}

// What was left out of the set, and what is there twice, is on the page too.
func TestReportOfThePictures(t *testing.T) {
	folder, page := draw(t, 20, "disc", "star"), filepath.Join(t.TempDir(), "r.html")
	write(t, filepath.Join(folder, "disc", "cut.jpg"), "\xff\xd8\xff")
	write(t, filepath.Join(folder, "notes.txt"), "hello")
	pictures, err := filepath.Glob(filepath.Join(folder, "star", "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(pictures[0])
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "star", "again.png"), string(content))
	content, err = os.ReadFile(pictures[1])
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "disc", "zzz.png"), string(content))
	status, stdout, stderr := start(t.Context(), "-train", folder, "-skip", "-backend", "go", "-width", "2", "-epochs", "1", "-report", page)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 files in " + folder + " not in the set: left out: disc/cut.jpg: the picture is damaged: its end is missing, not a picture of a class: notes.txt",
		"the same picture: star/" + filepath.Base(pictures[0]) + ", star/again.png",
		"the same picture with different labels, of which at least one is wrong: disc/zzz.png (disc), star/" + filepath.Base(pictures[1]) + " (star)",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if n := strings.Count(stdout, "the same picture"); n != 2 {
		t.Errorf("copies are printed %d times:\n%s", n, stdout)
	}
}

// The command that is printed can be pasted, whatever the model's file is called.
func TestCommandForTheModel(t *testing.T) {
	model := filepath.Join(t.TempDir(), "my cats.safetensors")
	_, stdout, _ := start(t.Context(), "-train", draw(t, 20, "disc", "star"), "-backend", "go", "-width", "2", "-epochs", "1", "-save", model)
	if want := "\nmodel: " + model + "\n  go run ./examples/predict -model '" + model + "' PICTURE ...\n"; !strings.HasSuffix(stdout, want) {
		t.Errorf("stdout does not end in %q:\n%s", want, stdout)
	}
}

// A model goes to what is no file, such as a pipe, too.
func TestSaveToADevice(t *testing.T) {
	status, stdout, stderr := start(t.Context(), "-train", draw(t, 20, "disc", "star"), "-backend", "go", "-width", "2", "-epochs", "1", "-save", os.DevNull)
	if status != program.ExitOK || stderr != "" || !strings.Contains(stdout, "\nmodel: "+os.DevNull+"\n") {
		t.Errorf("exit status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
	}
}

// What is read is not written over.
func TestOutputsThatAreRead(t *testing.T) {
	read := filepath.Join(t.TempDir(), "labels.csv")
	write(t, read, "path,label\n")
	for _, test := range []struct {
		args  []string
		input string
	}{
		{[]string{"-train", read, "-csv", read}, "train"},
		{[]string{"-train", "x", "-test", read, "-csv", read}, "test"},
		{[]string{"-train", "x", "-from", read, "-csv", read}, "from"},
	} {
		want := fmt.Sprintf("pictures: -csv %s: it would take the place of what -%s reads\n", read, test.input)
		if status, _, stderr := start(t.Context(), test.args...); status != program.ExitFailed || stderr != want {
			t.Errorf("exit status %d, stderr %q, want %q", status, stderr, want)
		}
	}
}

// A run that is interrupted when it is trained, but not evaluated, has its files, and says so.
func TestInterruptedInEvaluation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	model := filepath.Join(t.TempDir(), "m.safetensors")
	stdout, stderr := &cancelling{at: "\n    1 ", cancel: cancel}, &bytes.Buffer{}
	status := run(ctx, []string{"-train", draw(t, 20, "disc", "star"), "-backend", "go", "-width", "2", "-epochs", "1", "-save", model}, stdout, stderr)
	if status != program.ExitInterrupted || stderr.String() != "pictures: interrupted\n" ||
		!strings.Contains(stdout.String(), "\ninterrupted in the last test: ") || !strings.Contains(stdout.String(), "\nmodel: "+model) {
		t.Errorf("exit status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
	}
}
