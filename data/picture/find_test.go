package picture_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
		more    int // images and ignored ones than files here: a link makes them more, or is none itself
	}{
		{"two", []string{"cats/1.png", "dogs/1.png"}, nil, []string{"cats", "dogs"}, nil, "", 0},
		{"two beside a picture", []string{"a.png", "cats/1.png", "dogs/1.png"}, nil, []string{"cats", "dogs"}, []string{"a.png"}, "", 0},
		{"two with folders", []string{"cats/in/1.png", "cats/out/1.png", "dogs/1.png"}, nil, []string{"cats", "dogs"}, nil, "", 0},
		{"wrapped", []string{"set/cats/1.png", "set/dogs/1.png"}, nil, []string{"cats", "dogs"}, nil, "set", 0},
		{"wrapped beside a picture", []string{"a.png", "set/cats/1.png", "set/dogs/1.png"}, nil, []string{"cats", "dogs"}, []string{"a.png"}, "set", 0},
		{"wrapped twice beside other files", []string{"__MACOSX/x.png", "a.png", "my/notes.txt", "my/set/b.txt", "my/set/cats/1.png", "my/set/dogs/in/1.png"}, nil,
			[]string{"cats", "dogs"}, []string{"__MACOSX", "a.png", "my/notes.txt", "my/set/b.txt"}, "my/set", 0},
		{"one", []string{"cats/1.png", "cats/in/2.png"}, nil, []string{"cats"}, nil, "", 0},
		{"one beside a picture", []string{"a.png", "cats/1.png", "cats/in/2.png"}, nil, []string{"cats"}, []string{"a.png"}, "", 0},
		{"one with pictures beside its folders", []string{"set/a.png", "set/cats/1.png", "set/dogs/1.png"}, nil, []string{"set"}, nil, "", 0},
		{"one, wrapped", []string{"set/cats/1.png"}, nil, []string{"cats"}, nil, "set", 0},
		{"one, wrapped beside a picture", []string{"a.png", "set/cats/1.png"}, nil, []string{"cats"}, []string{"a.png"}, "set", 0},
		{"one that is known", []string{"cats/in/1.png", "cats/out/1.png"}, []string{"cats", "dogs"}, []string{"cats"}, nil, "", 0},
		{"one that is known beside a picture", []string{"a.png", "cats/in/1.png", "cats/out/1.png"}, []string{"cats", "dogs"}, []string{"cats"}, []string{"a.png"}, "", 0},
		{"one that is known, wrapped", []string{"set/cats/in/1.png"}, []string{"cats", "dogs"}, []string{"cats"}, nil, "set", 0},
		{"one behind a link", []string{".data/cats/1.png", "cats -> .data/cats", "dogs/1.png"}, nil, []string{"cats", "dogs"}, []string{".data"}, "", 0},
		{"all behind links", []string{".data/cats/1.png", ".data/dogs/in/1.png", "cats -> .data/cats", "dogs -> .data/dogs"}, nil,
			[]string{"cats", "dogs"}, []string{".data"}, "", -1},
		{"wrapped behind a link", []string{".data/cats/1.png", ".data/dogs/1.png", "set -> .data"}, nil, []string{"cats", "dogs"}, []string{".data"}, "set", 0},
		{"part of one behind a link", []string{"cats/1.png", "dogs/1.png", "dogs/more -> ../cats"}, nil, []string{"cats", "dogs"}, nil, "", 0},
		{"a link behind another", []string{".data/cats/1.png", ".data/cats/in/2.png", ".data/cats/round -> ..", "cats -> .data/cats", "dogs/1.png"}, nil,
			[]string{"cats", "dogs"}, []string{".data", "cats/round"}, "", 0},
		{"one that leads round", []string{"set/cats/1.png", "set/cats/round -> ..", "set/dogs/1.png"}, nil,
			[]string{"cats", "dogs"}, []string{"set/cats/round/cats/round"}, "set", 2},
		{"thumbnails and what file systems keep", []string{"$RECYCLE.BIN/1.png", "System Volume Information/1.png", "cats/1.png", "cats/@eaDir/1.png", "dogs/1.png", "lost+found/1.png"},
			nil, []string{"cats", "dogs"}, []string{"$RECYCLE.BIN", "System Volume Information", "cats/@eaDir", "lost+found"}, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for _, name := range tt.files {
				if name, target, isLink := strings.Cut(name, " -> "); isLink {
					fsys[name] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(target)}
					continue
				}
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
			if diff := cmp.Diff(tt.ignored, report.Ignored); diff != "" || set.Len()+len(report.Ignored) != len(tt.files)+tt.more {
				t.Errorf("%d images, ignored (-want +got):\n%s", set.Len(), diff)
			}
			line := fmt.Sprintf("the folders of the classes are those in %s\n", tt.root)
			if report.Root != tt.root || strings.HasPrefix(report.String(), line) != (tt.root != "") {
				t.Errorf("root %q, want %q, in:\n%s", report.Root, tt.root, report)
			}
		})
	}
}

// A link that leads back to the one folder that it is in is no way to go down for ever.
func TestFolderWrapsItself(t *testing.T) {
	fsys := fstest.MapFS{"set/round": {Mode: fs.ModeSymlink, Data: []byte("../set")}}
	_, _, err := picture.Reader{}.FS(t.Context(), fsys)
	if unreadable := (*picture.UnreadableError)(nil); !errors.As(err, &unreadable) || !slices.Equal(unreadable.Classes, []string{"round"}) {
		t.Errorf("error %v, want one about the class round", err)
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

// closing is a file system with folders that cannot be read.
type closing struct {
	fstest.MapFS
	closed []string
}

func (c closing) ReadDir(name string) ([]fs.DirEntry, error) {
	if slices.Contains(c.closed, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return c.MapFS.ReadDir(name)
}

// A folder that cannot be read is left out where pictures are, and named; the others are read.
func TestClosedFolders(t *testing.T) {
	fsys := closing{MapFS: fstest.MapFS{}}
	for _, name := range []string{"cats/1.png", "cats/in/2.png", "dogs/1.png", "private/1.png"} {
		fsys.MapFS[name] = &fstest.MapFile{Data: testpicture.Encode(t, "png", testpicture.Image(4, 4))}
	}
	for _, tt := range []struct {
		name    string
		closed  []string
		known   []string // Reader.Classes
		classes []string // nil: an error
		found   []string
	}{
		{"within a class", []string{"cats/in"}, nil, []string{"cats", "dogs", "private"}, []string{"cats/1.png", "dogs/1.png", "private/1.png"}},
		{"all of a class", []string{"private"}, nil, nil, []string{"cats/1.png", "cats/in/2.png", "dogs/1.png"}},
		{"one of the classes", []string{"dogs", "private"}, []string{"cats", "dogs"}, []string{"cats", "dogs"}, []string{"cats/1.png", "cats/in/2.png"}},
		{"all", []string{"cats", "dogs", "private"}, nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys.closed = tt.closed
			var unreadable *picture.UnreadableError
			if _, _, err := (picture.Reader{Classes: tt.known}).FS(t.Context(), fsys); !errors.As(err, &unreadable) || !errors.Is(err, fs.ErrPermission) {
				t.Fatalf("error %v, want an UnreadableError", err)
			}
			var named []string
			for _, p := range unreadable.Problems {
				named = append(named, p.Path)
			}
			if diff := cmp.Diff(tt.closed, named); diff != "" || unreadable.Total != len(tt.closed)+len(tt.found) {
				t.Errorf("of %d, named (-want +got):\n%s", unreadable.Total, diff)
			}

			set, report, err := picture.Reader{Classes: tt.known, SkipUnreadable: true}.FS(t.Context(), fsys)
			switch {
			case tt.classes == nil:
				if !errors.As(err, &unreadable) {
					t.Errorf("error %v, want an UnreadableError", err)
				}
			case err != nil:
				t.Fatal(err)
			default:
				diff := cmp.Diff(tt.classes, set.Classes())
				if line := "left out: " + tt.closed[0] + ": the folder cannot be read: "; diff != "" || set.Len() != len(tt.found) || !strings.Contains(report.String(), line) {
					t.Errorf("%v; report %q, want %q; classes (-want +got):\n%s", set, report, line, diff)
				}
			}

			found, err := picture.Find(t.Context(), fsys)
			if diff := cmp.Diff(tt.found, found); diff != "" || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("Find: error %v, paths (-want +got):\n%s", err, diff)
			}
		})
	}
	fsys.closed = []string{"."}
	if _, _, err := (picture.Reader{SkipUnreadable: true}).FS(t.Context(), fsys); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the folder itself: error %v, want %v", err, fs.ErrPermission)
	}
	if _, err := picture.Find(t.Context(), fsys); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Find in it: error %v, want %v", err, fs.ErrPermission)
	}
}

// Pictures of kinds that cannot be read are told of, rather than passed over: photographs of telephones among others.
func TestForeignPictures(t *testing.T) {
	fsys := fstest.MapFS{"cats/2.HEIC": {Data: []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")}}
	for _, name := range []string{"cats/1.png", "dogs/1.png"} {
		fsys[name] = &fstest.MapFile{Data: testpicture.Encode(t, "png", testpicture.Image(4, 4))}
	}
	const says = "cats/2.HEIC: it is no picture that can be read: it is a HEIC picture"
	if _, _, err := (picture.Reader{}).FS(t.Context(), fsys); !errors.Is(err, picture.ErrFormat) || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want ErrFormat that says %s", err, says)
	}
	set, report, err := picture.Reader{SkipUnreadable: true}.FS(t.Context(), fsys)
	if err != nil || set.Len() != 2 || !strings.Contains(report.String(), says) {
		t.Errorf("%v, %v, report %q, want 2 images and %s", set, err, report, says)
	}
}
