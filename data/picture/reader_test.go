package picture_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/scaling"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

// ownFolder is a folder as people have them: formats, sizes and colours are mixed, with other files in between.
func ownFolder(t testing.TB) fstest.MapFS {
	jpeg := testpicture.Encode(t, "jpeg", testpicture.Image(64, 32))
	grey := image.NewGray(image.Rect(0, 0, 20, 20))
	clear := image.NewNRGBA(image.Rect(0, 0, 9, 9))
	clear.Set(4, 4, color.NRGBA{G: 200, A: 100})
	files := map[string][]byte{
		"dog/1.png":           testpicture.Encode(t, "png", testpicture.Image(40, 30)),
		"dog/2.JPG":           testpicture.WithOrientation(jpeg, binary.BigEndian, 6),
		"dog/indoors/3.gif":   testpicture.Encode(t, "gif", testpicture.Image(10, 10)),
		"cat/b.bmp":           testpicture.Encode(t, "bmp", testpicture.Image(32, 32)),
		"cat/a.tiff":          testpicture.Encode(t, "tiff", grey),
		"cat/c.webp":          testpicture.WebP(t),
		"cat/d.png":           testpicture.Encode(t, "png", clear),
		"cat/a jpeg.png":      jpeg,
		"cat/notes.txt":       []byte("hello"),
		"cat/.DS_Store":       []byte("x"),
		"readme.md":           []byte("hello"),
		".git/dog/hidden.png": []byte("x"),
	}
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: content}
	}
	return fsys
}

func TestReader(t *testing.T) {
	fsys := ownFolder(t)
	var progress []int
	r := picture.Reader{Progress: func(done, total int) { progress = append(progress, done, total) }}
	set, report, err := r.FS(context.Background(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cat", "dog"}, set.Classes()); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	names := []string{"cat/a jpeg.png", "cat/a.tiff", "cat/b.bmp", "cat/c.webp", "cat/d.png", "dog/1.png", "dog/2.JPG", "dog/indoors/3.gif"}
	var got []string
	for i := range set.Len() {
		got = append(got, set.Name(i))
		if want := set.Classes()[set.Label(i)]; !strings.HasPrefix(set.Name(i), want+"/") {
			t.Errorf("%s is a %s", set.Name(i), want)
		}
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	cut := (0.25 + 2*0.5) / 8 // of one of 40x30, and of one of 64x32 and its like that is turned
	if diff := cmp.Diff(picture.Report{Cut: cut, Ignored: []string{".git", "cat/.DS_Store", "cat/notes.txt", "readme.md"}}, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if n := set.Len(); len(progress) != 2*n || progress[len(progress)-2] != n || progress[1] != n {
		t.Errorf("progress %v", progress)
	}
}

// What a model is shown when it predicts is, to the byte, what it was trained on.
func TestReaderScalesAsPredictDoes(t *testing.T) {
	fsys := ownFolder(t)
	for _, shape := range []data.Shape{{Height: 32, Width: 32, Channels: 3}, {Height: 12, Width: 20, Channels: 1}} {
		for _, resizing := range []data.Resizing{data.ResizeByCropping, data.ResizeByStretching, data.ResizeByPadding} {
			t.Run(fmt.Sprintf("%v %s", shape, resizing), func(t *testing.T) {
				set, _, err := picture.Reader{Shape: shape, Resizing: resizing}.FS(context.Background(), fsys)
				if err != nil {
					t.Fatal(err)
				}
				if set.Shape() != shape || set.Resizing() != resizing {
					t.Errorf("the set has the shape %v and the resizing %q", set.Shape(), set.Resizing())
				}
				for i := range set.Len() {
					img, err := picture.Decode(context.Background(), fsys[set.Name(i)].Data)
					if err != nil {
						t.Fatal(err)
					}
					want, err := scaling.Append(nil, img, shape, resizing)
					if err != nil {
						t.Fatal(err)
					}
					if size := shape.Size(); !bytes.Equal(want, set.Pixels()[i*size:(i+1)*size]) {
						t.Errorf("%s differs", set.Name(i))
					}
				}
			})
		}
	}
}

// A folder, a zip file of it, one of it in another folder, and a list are the same set.
func TestReaderSources(t *testing.T) {
	fsys := ownFolder(t)
	folder := t.TempDir()
	for name, file := range fsys {
		path := filepath.Join(folder, "pictures", filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, file.Data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	zipped := func(name, prefix string) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for name, file := range fsys {
			entry, err := w.Create(prefix + name)
			if err == nil {
				_, err = entry.Write(file.Data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	zipped("plain.zip", "")
	zipped("nested.zip", "my/pictures/")
	want, _, err := picture.Reader{}.FS(context.Background(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	csv, lines := "Label , path,weight\n", ""
	for i := range want.Len() {
		class := want.Classes()[want.Label(i)]
		csv += fmt.Sprintf("%s,\"pictures/%s\",1\n", class, want.Name(i))
		lines += fmt.Sprintf("{\"path\": %q, \"label\": %q, \"width\": 7}\n\n", filepath.Join(folder, "pictures", want.Name(i)), class)
	}
	for name, text := range map[string]string{"list.csv": "\xef\xbb\xbf" + csv, "list.jsonl": lines} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, read := range map[string]func(context.Context, string) (*data.Dataset, picture.Report, error){
		"pictures": picture.Reader{}.Folder, "plain.zip": picture.Reader{}.Folder, "nested.zip": picture.Reader{}.Folder,
		"list.csv": picture.Reader{}.List, "list.jsonl": picture.Reader{}.List,
	} {
		t.Run(name, func(t *testing.T) {
			set, _, err := read(context.Background(), filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Labels(), set.Labels()); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			if !bytes.Equal(want.Pixels(), set.Pixels()) {
				t.Error("the pixels differ")
			}
		})
	}
}

func TestReaderSkips(t *testing.T) {
	fsys := ownFolder(t)
	fsys["dog/0.jpg"] = &fstest.MapFile{Data: []byte("\xff\xd8\xff broken")}
	fsys["cat/e.png"] = &fstest.MapFile{}
	_, _, err := picture.Reader{}.FS(context.Background(), fsys)
	var unreadable *picture.UnreadableError
	if !errors.As(err, &unreadable) || !errors.Is(err, data.ErrFormat) || !errors.Is(err, picture.ErrBroken) || !errors.Is(err, picture.ErrEmpty) {
		t.Fatalf("error %v", err)
	}
	var paths []string
	for _, p := range unreadable.Problems {
		paths = append(paths, p.Path)
		if !strings.Contains(err.Error(), p.Path) {
			t.Errorf("the error does not name %s: %v", p.Path, err)
		}
	}
	if diff := cmp.Diff([]string{"cat/e.png", "dog/0.jpg"}, paths); diff != "" || unreadable.Total != 10 {
		t.Errorf("of %d pictures (-want +got):\n%s", unreadable.Total, diff)
	}

	without, _, err := picture.Reader{}.FS(context.Background(), ownFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	set, report, err := picture.Reader{SkipUnreadable: true}.FS(context.Background(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Skipped) != 2 || report.Skipped[1].Path != "dog/0.jpg" || !errors.Is(report.Skipped[1].Err, picture.ErrBroken) {
		t.Errorf("report %v", report)
	}
	if !bytes.Equal(set.Pixels(), without.Pixels()) || !slices.Equal(set.Labels(), without.Labels()) || set.Name(5) != "dog/1.png" {
		t.Error("the set is not the one without them")
	}
}

func TestReaderRefuses(t *testing.T) {
	png := testpicture.Encode(t, "png", testpicture.Image(8, 8))
	files := func(names ...string) fs.FS {
		fsys := fstest.MapFS{}
		for _, name := range names {
			fsys[name] = &fstest.MapFile{Data: png}
			if strings.HasSuffix(name, "/") {
				delete(fsys, name)
				fsys[strings.TrimSuffix(name, "/")] = &fstest.MapFile{Mode: fs.ModeDir}
			}
		}
		return fsys
	}
	for _, tt := range []struct {
		name   string
		reader picture.Reader
		fsys   fs.FS
		want   error
		says   string
	}{
		{"an empty folder", picture.Reader{}, files(), data.ErrNotFound, "it has no folders: need one for each class, as in cats/1.jpg and dogs/2.jpg"},
		{"pictures without classes", picture.Reader{}, files("1.png", "2.png"), data.ErrFormat, "its pictures are in no folders: need one for each class, as in cats/1.jpg and dogs/2.jpg, or a list"},
		{"an empty class", picture.Reader{}, files("cat/1.png", "dog/"), data.ErrFormat, "classes without a picture that can be read: dog (give each"},
		{"a class of other files", picture.Reader{}, files("cat/1.png", "dog/1.cr2"), data.ErrFormat, "classes without a picture that can be read: dog (give each"},
		{"sets for classes", picture.Reader{}, files("train/cat/1.png", "test/cat/1.png"), data.ErrFormat, "are sets"},
		{"a class that is none", picture.Reader{Classes: []string{"cat"}}, files("cat/1.png", "dog/1.png"), data.ErrFormat, `"dog"`},
		{"a class twice", picture.Reader{Classes: []string{"cat", "cat"}}, files("cat/1.png"), data.ErrFormat, "cat"},
		{"an unknown resizing", picture.Reader{Resizing: "fill"}, files("cat/1.png"), data.ErrFormat, `"fill"`},
		{"two channels", picture.Reader{Shape: data.Shape{Height: 8, Width: 8, Channels: 2}}, files("cat/1.png"), data.ErrFormat, "8x8x2"},
		{"no height", picture.Reader{Shape: data.Shape{Width: 8, Channels: 3}}, files("cat/1.png"), data.ErrFormat, "0x8x3"},
		{"an image too large", picture.Reader{Shape: data.Shape{Height: 1 << 20, Width: 1 << 20, Channels: 3}}, files("cat/1.png"), data.ErrFormat, "pixels"},
		{"too little memory", picture.Reader{MemoryLimit: 5 << 20, Shape: data.Shape{Height: 2000, Width: 2000, Channels: 3}}, files("cat/1.png"), picture.ErrMemory, "11 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, _, err := tt.reader.FS(context.Background(), tt.fsys)
			if set != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("set %v, error %v; want %v that says %q", set, err, tt.want, tt.says)
			}
		})
	}
}

func TestReaderRefusesFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct {
		name, path string
		want       error
		says       string
	}{
		{"no folder", filepath.Join(folder, "none"), data.ErrNotFound, "no such folder or zip file"},
		{"no zip file", write("a.zip", "PK nonsense"), data.ErrFormat, "neither a folder nor a zip file; Reader.List reads lists, .csv and .jsonl"},
		{"no list", filepath.Join(folder, "none.csv"), data.ErrNotFound, "none.csv"},
		{"an empty list", write("empty.csv", ""), data.ErrFormat, "empty"},
		{"a list with a header alone", write("header.csv", "path,label\n"), data.ErrFormat, "no pictures"},
		{"a list without a header", write("plain.csv", "a.png,cat\nb.png,dog\n"), data.ErrFormat, "path and label"},
		{"a row too short", write("short.csv", "path,label\na.png\n"), data.ErrFormat, "line 2"},
		{"a quote that does not end", write("quote.csv", "path,label\n\"a.png,cat\n"), data.ErrFormat, "quote"},
		{"no label", write("label.csv", "path,label\na.png,cat\nb.png,\n"), data.ErrFormat, "line 3"},
		{"no picture", write("picture.csv", "path,label\na.png,cat\n"), fs.ErrNotExist, "a.png"},
		{"a picture that is a folder", write("folder.csv", "path,label\n.,cat\n"), data.ErrFormat, "cannot be read"},
		{"an empty list of lines", write("empty.jsonl", "\n\n"), data.ErrFormat, "no pictures"},
		{"no JSON", write("text.jsonl", "path, label\n"), data.ErrFormat, "line 1"},
		{"a number for a label", write("number.jsonl", "\n{\"path\": \"a.png\", \"label\": 3}\n"), data.ErrFormat, "line 2"},
		{"no path", write("path.jsonl", `{"label": "cat"}`), data.ErrFormat, "line 1"},
		{"a line without end", write("long.jsonl", strings.Repeat("x", 2<<20)), data.ErrFormat, "bytes"},
		{"another kind of list", write("list.txt", "a.png cat"), data.ErrFormat, ".csv"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := picture.Reader{}.Folder
			if strings.Contains(filepath.Base(tt.path), ".") && filepath.Ext(tt.path) != ".zip" {
				read = picture.Reader{}.List
			}
			set, _, err := read(context.Background(), tt.path)
			if set != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), filepath.Base(tt.path)) {
				t.Errorf("set %v, error %v; want %v that says %q", set, err, tt.want, tt.says)
			}
		})
	}
}

// A reader that is stopped returns the context's error, and no set.
func TestReaderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := picture.Reader{Progress: func(done, _ int) {
		if done == 2 {
			cancel()
		}
	}}
	set, _, err := r.FS(ctx, ownFolder(t))
	if set != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("set %v, error %v", set, err)
	}
}

// A context that is nil, and a panic of the caller's, are errors and do not end the process.
func TestReaderOfCarelessCallers(t *testing.T) {
	careless := picture.Reader{Progress: func(done, _ int) {
		if done == 2 {
			panic("out of patience")
		}
	}}
	for says, ctx := range map[string]context.Context{"out of patience": context.Background(), "context is nil": nil} {
		set, _, err := careless.FS(ctx, ownFolder(t))
		if set != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("set %v, error %v, want one that says %q", set, err, says)
		}
	}
}

// What looks like a picture and is no file is not opened: a pipe would be waited for.
func TestReaderIgnoresWhatIsNoFile(t *testing.T) {
	fsys := ownFolder(t)
	fsys["dog/pipe.png"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	_, report, err := picture.Reader{}.FS(context.Background(), fsys)
	if err != nil || !slices.Contains(report.Ignored, "dog/pipe.png") {
		t.Errorf("report %v, error %v", report, err)
	}
}

// The only class there is needs no other beside it.
func TestReaderOfOneClass(t *testing.T) {
	png := &fstest.MapFile{Data: testpicture.Encode(t, "png", testpicture.Image(8, 8))}
	set, _, err := picture.Reader{}.FS(context.Background(), fstest.MapFS{"cat/1.png": png, "cat/2.png": png})
	if err != nil || set.Len() != 2 || !slices.Equal(set.Classes(), []string{"cat"}) {
		t.Errorf("set %v, error %v", set, err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("path,label\n1.png,cat\n"), testpicture.Encode(f, "png", testpicture.Image(8, 8)), "cat/1.png")
	f.Add([]byte(`{"path": "1.png", "label": "cat"}`), testpicture.Encode(f, "gif", testpicture.Image(8, 8)), "a/b/../c.gif")
	f.Fuzz(func(t *testing.T, list, content []byte, name string) {
		for _, read := range []func([]byte) ([]picture.Labelled, error){
			func(b []byte) ([]picture.Labelled, error) { return picture.ReadCSV(bytes.NewReader(b)) },
			func(b []byte) ([]picture.Labelled, error) { return picture.ReadJSONLines(bytes.NewReader(b)) },
		} {
			if entries, err := read(list); err != nil && !errors.Is(err, data.ErrFormat) || err != nil && entries != nil {
				t.Errorf("entries %v, error %v", entries, err)
			}
		}
		if h, err := picture.ReadHeader(content); err == nil && h.Pixels() > 1<<16 || !fs.ValidPath(name) {
			return
		}
		fsys := fstest.MapFS{name: {Data: content}, "other/1.png": {Data: content}}
		set, _, err := picture.Reader{SkipUnreadable: true}.FS(context.Background(), fsys)
		if (set == nil) == (err == nil) {
			t.Errorf("set %v, error %v", set, err)
		}
	})
}
