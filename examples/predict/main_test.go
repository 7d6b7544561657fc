package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/testmodel"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { os.Exit(testmodel.Main(m)) }

// start runs the program, with what it prints.
func start(ctx context.Context, stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, append([]string{"-backend", "go"}, args...), stdin, &out, &errs)
	return status, out.String(), errs.String()
}

// files writes pictures into a folder, and has the program run there.
func files(t *testing.T, contents map[string][]byte) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range contents {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTable(t *testing.T) {
	model := testmodel.Save(t, 4)
	png := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	files(t, map[string][]byte{
		"a.png": png, "wide.jpeg": testpicture.Encode(t, "jpeg", testpicture.Image(300, 100)),
		"broken.png": png[:len(png)-30], "text.txt": []byte("not a picture"), "empty": nil,
		"bomb.png": testpicture.PNGClaiming(15_000, 15_000), "two\nlines.gif": testpicture.Encode(t, "gif", testpicture.Image(20, 20)),
	})
	status, stdout, stderr := start(t.Context(), bytes.NewReader(png), "-model", model,
		"a.png", "nowhere.png", "broken.png", "wide.jpeg", "text.txt", "empty", "-", "bomb.png", "two\nlines.gif")
	const class = `[a-z ]+`
	want := fmt.Sprintf(`^file              class               probability  next
a\.png             (%[1]s) +\d+\.\d %%  (%[1]s \d+\.\d %%), (%[1]s \d+\.\d %%)
wide\.jpeg         %[1]s +\d+\.\d %%  .*
-                 (%[1]s) +\d+\.\d %%  .*
"two\\nlines\.gif"  %[1]s +\d+\.\d %%  .*
$`, class)
	match := regexp.MustCompile(want).FindStringSubmatch(stdout)
	if match == nil {
		t.Fatalf("stdout:\n%s\nwant a match of:\n%s", stdout, want)
	}
	if match[1] != match[4] {
		t.Errorf("the same picture as a file is %q, and as standard input %q", match[1], match[4])
	}
	wantErrs := `predict: nowhere.png: no such file or directory
predict: broken.png: the picture is damaged: png: invalid format: not enough pixel data
predict: text.txt: it is no picture that can be read: need PNG, JPEG, GIF, WebP, BMP or TIFF
predict: empty: it is empty
predict: bomb.png: it is too large: 15000x15000 pixels, need no more than 25 million in all
predict: 5 of 9 could not be read
`
	if runtime.GOOS == "windows" { // which says the first in words of its own
		wantErrs = stderr
	}
	if diff := cmp.Diff(wantErrs, stderr); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	if status != program.ExitFailed {
		t.Errorf("exit status %d, want %d", status, program.ExitFailed)
	}
}

func TestTopOne(t *testing.T) {
	model := testmodel.Save(t, 4)
	files(t, map[string][]byte{"a.bmp": testpicture.Encode(t, "bmp", testpicture.Image(9, 30))})
	status, stdout, stderr := start(t.Context(), nil, "-model", model, "-top", "1", "a.bmp")
	if !regexp.MustCompile(`^file   class               probability\na\.bmp  [a-z ]+ +\d+\.\d %\n$`).MatchString(stdout) {
		t.Errorf("stdout:\n%s", stdout)
	}
	if status != program.ExitOK || stderr != "" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
}

// TestThreshold has answers unknown by the threshold of the flag, else by the model's.
func TestThreshold(t *testing.T) {
	plain, strict := testmodel.Save(t, 4), filepath.Join(t.TempDir(), "strict.safetensors")
	model := testmodel.Load(t, plain)
	if err := model.SetThreshold(1); err != nil {
		t.Fatal(err)
	}
	if err := model.Save(strict); err != nil {
		t.Fatal(err)
	}
	files(t, map[string][]byte{"a.png": testpicture.Encode(t, "png", testpicture.Image(32, 32))})
	for _, test := range []struct {
		name    string
		args    []string
		unknown bool
	}{
		{"a model without one", []string{"-model", plain}, false},
		{"the flag's", []string{"-model", plain, "-threshold", "1"}, true},
		{"the model's", []string{"-model", strict}, true},
		{"none, in place of the model's", []string{"-model", strict, "-threshold", "0"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, table, stderr := start(t.Context(), nil, append(test.args, "a.png")...)
			_, json, _ := start(t.Context(), nil, append(test.args, "-json", "a.png")...)
			const legend = "\n\n? behind a class: it is less probable than the threshold, 1\n"
			if status != program.ExitOK || strings.Contains(table, "?") != test.unknown || strings.HasSuffix(table, legend) != test.unknown || strings.Contains(json, `"unknown":true`) != test.unknown {
				t.Errorf("exit status %d, stderr %q, want unknown %t:\n%s%s", status, stderr, test.unknown, table, json)
			}
		})
	}
}

// TestJSON has more pictures than a batch, and one that is broken among them. Lines are in the order of the arguments.
func TestJSON(t *testing.T) {
	model := testmodel.Save(t, 4)
	contents := map[string][]byte{"broken": []byte("GIF89a")}
	args := []string{"-model", model, "-json", "-top", "99"}
	for i := range maxImages + 3 {
		if i == 5 {
			args = append(args, "broken")
		}
		name := fmt.Sprintf("%03d.png", i)
		contents[name], args = testpicture.Encode(t, "png", testpicture.Image(32+i, 32)), append(args, name)
	}
	files(t, contents)
	status, stdout, stderr := start(t.Context(), nil, args...)
	if status != program.ExitFailed || strings.Count(stderr, "\n") != 2 {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	var names []string
	for d := json.NewDecoder(strings.NewReader(stdout)); d.More(); {
		var o outcome
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		names = append(names, o.File)
		if o.File == "broken" {
			if diff := cmp.Diff(outcome{File: "broken", Error: "the picture is damaged: gif: reading header: unexpected EOF"}, o); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			continue
		}
		var sum float64
		for i, c := range o.Classes {
			sum += float64(c.Probability)
			if i > 0 && c.Probability > o.Classes[i-1].Probability {
				t.Errorf("%s: class %d is more probable than the one before: %+v", o.File, i, o.Classes)
			}
		}
		if len(o.Classes) != 10 || sum < 0.999 || sum > 1.001 {
			t.Errorf("%s: %d classes of %g in all, want 10 of 1", o.File, len(o.Classes), sum)
		}
	}
	if diff := cmp.Diff(args[5:], names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestFolder has a folder's pictures classified, those of folders in it too, under names that open them, beside files.
func TestFolder(t *testing.T) {
	model := testmodel.Save(t, 4)
	png := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	files(t, map[string][]byte{
		"new/b.png": png, "new/a/2.PNG": png, "new/a/deep/1.jpg": testpicture.Encode(t, "jpeg", testpicture.Image(40, 30)),
		"new/notes.txt": []byte("hello"), "new/.hidden.png": png, "new/.cache/c.png": png, "new/broken.png": png[:20],
		"none/notes.txt": []byte("hello"), "alone.bmp": testpicture.Encode(t, "bmp", testpicture.Image(9, 9)),
	})
	const broken = "predict: new/broken.png: the picture is damaged: its end is missing\n"
	const none = "predict: none: there is no picture in this folder: need PNG, JPEG, GIF, WebP, BMP or TIFF files\n"
	for _, test := range []struct {
		name   string
		args   []string
		want   []string // that are classified
		stderr string
	}{
		{"one", []string{"new"}, []string{"new/a/2.PNG", "new/a/deep/1.jpg", "new/b.png"}, broken + "predict: 1 of 4 could not be read\n"},
		{"one that ends as folders do", []string{"new/a/"}, []string{"new/a/2.PNG", "new/a/deep/1.jpg"}, ""},
		{"beside files", []string{"new/b.png", "new/a", "alone.bmp"}, []string{"new/b.png", "new/a/2.PNG", "new/a/deep/1.jpg", "alone.bmp"}, ""},
		{"without pictures", []string{"none"}, nil, none + "predict: 1 of 1 could not be read\n"},
		{"without pictures beside a file", []string{"none", "alone.bmp"}, []string{"alone.bmp"}, none + "predict: 1 of 2 could not be read\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"-model", model, "-json"}
			for _, name := range test.args {
				args = append(args, filepath.FromSlash(name))
			}
			status, stdout, stderr := start(t.Context(), nil, args...)
			if (status == program.ExitOK) != (test.stderr == "") || status != program.ExitOK && status != program.ExitFailed {
				t.Errorf("exit status %d", status)
			}
			if diff := cmp.Diff(test.stderr, filepath.ToSlash(stderr)); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			var got []string
			for d := json.NewDecoder(strings.NewReader(stdout)); d.More(); {
				var o outcome
				if err := d.Decode(&o); err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(o.File); err != nil || filepath.FromSlash(o.File) != o.File {
					t.Errorf("%q does not open it, as the system has it: %v", o.File, err)
				}
				if o.Error == "" {
					got = append(got, filepath.ToSlash(o.File))
				} else if line := fmt.Sprintf("predict: %s: %s\n", o.File, o.Error); !strings.Contains(stderr, line) {
					t.Errorf("standard error has no %q", line)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("classified (-want +got):\n%s", diff)
			}
		})
	}

	status, stdout, stderr := start(t.Context(), nil, "-model", model, filepath.FromSlash("new/a"))
	pattern := `^file              class               probability  next\nnew/a/2\.PNG       .*\nnew/a/deep/1\.jpg  .*\n$`
	if status != program.ExitOK || stderr != "" || !regexp.MustCompile(pattern).MatchString(filepath.ToSlash(stdout)) {
		t.Errorf("exit status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if status, stdout, stderr := start(ended, nil, "-model", model, "new"); status != program.ExitInterrupted || stdout != "" || stderr != "predict: interrupted\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

// A folder keeps the name that it was given: link/.. is where the link leads, and not where it is.
func TestFolderBehindALink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows takes link/.. for the folder that has the link")
	}
	png := testpicture.Encode(t, "png", testpicture.Image(8, 8))
	files(t, map[string][]byte{"here/top.png": png, "there/inner/1.png": png, "there/2.png": png})
	if err := os.Symlink(filepath.Join("..", "there", "inner"), filepath.Join("here", "link")); err != nil {
		t.Skip(err)
	}
	want := []source{{name: "here/link/../2.png"}, {name: "here/link/../inner/1.png"}}
	if diff := cmp.Diff(want, find(t.Context(), []string{"here/link/.."}), cmp.AllowUnexported(source{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBatchMemory has pictures that are too large for one batch together.
func TestBatchMemory(t *testing.T) {
	var b batch
	if !b.hasRoom(encoded{pixels: 25_000_000}) {
		t.Error("no room for one picture of the largest size")
	}
	b.pixels = 20_000_000
	if !b.hasRoom(encoded{pixels: 5_000_000}) || b.hasRoom(encoded{pixels: 5_000_001}) {
		t.Error("a batch does not take as many pixels as one picture may have")
	}
}

func TestInterrupted(t *testing.T) {
	model := testmodel.Save(t, 4)
	files(t, map[string][]byte{"a.png": testpicture.Encode(t, "png", testpicture.Image(32, 32))})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, stdout, stderr := start(ctx, nil, "-model", model, "a.png")
	if status != program.ExitInterrupted || stdout != "" || stderr != "predict: interrupted\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

// TestInterruptedInAPicture cancels while a picture is read: it is not said to be damaged.
func TestInterruptedInAPicture(t *testing.T) {
	model := testmodel.Save(t, 4)
	ctx, cancel := context.WithCancel(t.Context())
	stdin := io.MultiReader(bytes.NewReader(testpicture.Encode(t, "png", testpicture.Image(32, 32))), ending(cancel))
	status, stdout, stderr := start(ctx, stdin, "-model", model, "-json", "-")
	if status != program.ExitInterrupted || stdout != "" || stderr != "predict: interrupted\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

// ending is a reader of nothing that calls a function.
type ending func()

func (e ending) Read([]byte) (int, error) {
	e()
	return 0, io.EOF
}

// TestMistakes has one clear line and exit status 1 for everything that a user can get wrong.
func TestMistakes(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign")
	if err := os.WriteFile(foreign, []byte("no model at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		want string // in the line
	}{
		{"nothing", nil, "no pictures: need files"},
		{"several", []string{"-top", "0", "-", "-"}, "-top 0: need at least 1; - is named more than once"},
		{"no pictures", []string{"-model", "m"}, "no pictures"},
		{"an empty name", []string{"-model", "", "a.png"}, "-model: need a name"},
		{"a flag too late", []string{"-model", "m", "a.png", "-top", "1"}, "-top: need flags before the pictures; a file of that name is ./-top"},
		{"no probability", []string{"-threshold", "98"}, "-threshold: need a probability, 0 to 1"},
		{"unknown flag", []string{"-nonsense"}, "-nonsense"},
		{"no such model", []string{"-model", "nowhere", "a.png"}, "nowhere"},
		{"a foreign file", []string{"-model", foreign, "a.png"}, "foreign"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := start(t.Context(), nil, test.args...)
			if status != program.ExitFailed || stdout != "" {
				t.Errorf("exit status %d, stdout %q", status, stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "predict: ") || !strings.Contains(stderr, test.want) {
				t.Errorf("stderr is not one line about %s:\n%s", test.want, stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := start(t.Context(), nil, "-h")
	if status != program.ExitOK || stderr != "" {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
	for _, want := range []string{"\n  -model", "\n  -top", "\n  -backend", "\n  -threshold", "\n  -json", "25,000,000 pixels"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the usage does not have %q:\n%s", want, stdout)
		}
	}
}
