package picture_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

// Folders are classes, and what wraps them is none, and named.
func TestReaderFindsClasses(t *testing.T) {
	png := &fstest.MapFile{Data: testpicture.Encode(t, "png", testpicture.Image(4, 4))}
	for _, tt := range []struct {
		name    string
		files   []string
		known   []string // Reader.Classes
		want    []string
		ignored []string
		root    string
	}{
		{"two", []string{"cats/1.png", "dogs/1.png"}, nil, []string{"cats", "dogs"}, nil, ""},
		{"two beside a picture", []string{"a.png", "cats/1.png", "dogs/1.png"}, nil, []string{"cats", "dogs"}, []string{"a.png"}, ""},
		{"two with folders", []string{"cats/in/1.png", "cats/out/1.png", "dogs/1.png"}, nil, []string{"cats", "dogs"}, nil, ""},
		{"wrapped", []string{"set/cats/1.png", "set/dogs/1.png"}, nil, []string{"cats", "dogs"}, nil, "set"},
		{"wrapped beside a picture", []string{"a.png", "set/cats/1.png", "set/dogs/1.png"}, nil, []string{"cats", "dogs"}, []string{"a.png"}, "set"},
		{"wrapped twice beside other files", []string{"__MACOSX/x.png", "a.png", "my/notes.txt", "my/set/b.txt", "my/set/cats/1.png", "my/set/dogs/in/1.png"}, nil,
			[]string{"cats", "dogs"}, []string{"__MACOSX", "a.png", "my/notes.txt", "my/set/b.txt"}, "my/set"},
		{"one", []string{"cats/1.png", "cats/in/2.png"}, nil, []string{"cats"}, nil, ""},
		{"one beside a picture", []string{"a.png", "cats/1.png", "cats/in/2.png"}, nil, []string{"cats"}, []string{"a.png"}, ""},
		{"one with pictures beside its folders", []string{"set/a.png", "set/cats/1.png", "set/dogs/1.png"}, nil, []string{"set"}, nil, ""},
		{"one, wrapped", []string{"set/cats/1.png"}, nil, []string{"cats"}, nil, "set"},
		{"one, wrapped beside a picture", []string{"a.png", "set/cats/1.png"}, nil, []string{"cats"}, []string{"a.png"}, "set"},
		{"one that is known", []string{"cats/in/1.png", "cats/out/1.png"}, []string{"cats", "dogs"}, []string{"cats"}, nil, ""},
		{"one that is known beside a picture", []string{"a.png", "cats/in/1.png", "cats/out/1.png"}, []string{"cats", "dogs"}, []string{"cats"}, []string{"a.png"}, ""},
		{"one that is known, wrapped", []string{"set/cats/in/1.png"}, []string{"cats", "dogs"}, []string{"cats"}, nil, "set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for _, name := range tt.files {
				fsys[name] = png
			}
			set, report, err := picture.Reader{Classes: tt.known}.FS(t.Context(), fsys)
			if err != nil {
				t.Fatal(err)
			}
			var got []string // that have pictures
			for class, n := range set.ClassCounts() {
				if n > 0 {
					got = append(got, set.Classes()[class])
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("classes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.ignored, report.Ignored); diff != "" || set.Len()+len(report.Ignored) != len(tt.files) {
				t.Errorf("%d images, ignored (-want +got):\n%s", set.Len(), diff)
			}
			line := fmt.Sprintf("the folders of the classes are those in %s\n", tt.root)
			if report.Root != tt.root || strings.HasPrefix(report.String(), line) != (tt.root != "") {
				t.Errorf("root %q, want %q, in:\n%s", report.Root, tt.root, report)
			}
		})
	}
}

// Paths that could be taken for more than a path are quoted, wherever they are among words.
func TestReaderQuotesPaths(t *testing.T) {
	png := &fstest.MapFile{Data: testpicture.Encode(t, "png", testpicture.Image(8, 8))}
	fsys := fstest.MapFS{
		"my set/cats/1.png": png, "my set/dogs/1.png": png, "my set/dogs/2 b.png": {}, "my set/dogs/plain.png": {},
		"a, b.png": png, "to do.txt": {},
	}
	want := `the folders of the classes are those in "my set"
left out: "my set/dogs/2 b.png": it is empty
left out: "my set/dogs/plain.png": it is empty
left out: "a, b.png": it is in no folder of a class
not a picture of a class: "to do.txt"
`
	_, report, err := picture.Reader{SkipUnreadable: true}.FS(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, report.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	unreadable := &picture.UnreadableError{Problems: []picture.Problem{{Path: "2 b.png", Err: picture.ErrEmpty}, {Path: "c.png", Err: picture.ErrEmpty}}, Total: 3}
	_, _, noPicture := picture.Reader{}.FS(t.Context(), fstest.MapFS{"cats/1.png": png, "my dogs/1.txt": png})
	_, _, noClass := picture.Reader{Classes: []string{"dogs"}}.FS(t.Context(), fstest.MapFS{"cats/1 a.png": png, "dogs/1.png": png})
	for _, test := range []struct {
		err  error
		want string
	}{
		{unreadable, "\n\"2 b.png\": it is empty\nc.png: it is empty"},
		{noPicture, `classes without a picture that can be read: "my dogs" (give each some, or remove its folder or label)`},
		{noClass, `: "cats/1 a.png" is of the class "cats", which is none of ["dogs"]`},
	} {
		if test.err == nil || !strings.HasSuffix(test.err.Error(), test.want) {
			t.Errorf("error %v, want one that ends with %q", test.err, test.want)
		}
	}
}

// Find finds the pictures that a Reader finds, and those that are in no folder of a class.
func TestFind(t *testing.T) {
	fsys := ownFolder(t)
	for _, name := range []string{"loose.png", ".hidden.png", "__MACOSX/dog/1.png", "cat/.thumbnails/a.png"} {
		fsys[name] = &fstest.MapFile{}
	}
	got, err := picture.Find(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"cat/a jpeg.png", "cat/a.tiff", "cat/b.bmp", "cat/c.webp", "cat/d.png", "dog/1.png", "dog/2.JPG", "dog/indoors/3.gif", "loose.png"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if got, err := picture.Find(t.Context(), fstest.MapFS{"notes.txt": {}}); got != nil || err != nil {
		t.Errorf("where there are none: %q, error %v", got, err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := picture.Find(ended, fsys); got != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("paths %q, error %v, want %v", got, err, context.Canceled)
	}
	var none context.Context
	if got, err := picture.Find(none, fsys); got != nil || err == nil || !strings.Contains(err.Error(), "context is nil") {
		t.Errorf("paths %q, error %v, want one about the context", got, err)
	}
}
