package picture_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// All that is wrong with a folder is told at once: pictures that cannot be read, and classes that are left with none, which to leave
// pictures out does not help.
func TestReaderClassesWithout(t *testing.T) {
	png := &fstest.MapFile{Data: testpicture.Encode(t, "png", testpicture.Image(8, 8))}
	noPicture := &fstest.MapFile{}
	folder := func(names ...string) fstest.MapFS {
		fsys := fstest.MapFS{"cat/1.png": png, "cat/2.png": noPicture}
		for _, name := range names {
			fsys[name] = noPicture
		}
		return fsys
	}
	for _, test := range []struct {
		name       string
		fsys       fstest.MapFS
		known      []string // Reader.Classes
		want, skip string   // the beginning of the error, "" for none, and of that where pictures are left out
	}{
		{"none", folder(), nil, "invalid data: 1 of 2 pictures cannot be read", ""},
		{"an empty folder", folder("dog/1.txt"), nil, "invalid data: 1 of 2 pictures cannot be read (SkipUnreadable leaves them out); classes without a picture that can be read: dog (give each",
			"invalid data: 1 of 2 pictures cannot be read (SkipUnreadable leaves them out); classes without a picture that can be read: dog (give each"},
		{"nothing but what cannot be read", folder("dog/1.png", "emu/1.txt"), nil, "invalid data: 2 of 3 pictures cannot be read (SkipUnreadable leaves them out); classes without a picture that can be read: dog, emu (give each",
			"invalid data: 2 of 3 pictures cannot be read (SkipUnreadable leaves them out); classes without a picture that can be read: dog, emu (give each"},
		{"a class that is known may be without", folder("dog/1.png"), []string{"cat", "dog"}, "invalid data: 2 of 3 pictures cannot be read (SkipUnreadable leaves them out)\ncat/2.png: it is empty\ndog/1.png: it is empty", ""},
		{"empty folders alone", fstest.MapFS{"cat/1.txt": png, "dog/1.txt": png}, nil, "invalid data: classes without a picture that can be read: cat, dog (give each",
			"invalid data: classes without a picture that can be read: cat, dog (give each"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, skip := range []bool{false, true} {
				want := test.want
				if skip {
					want = test.skip
				}
				set, _, err := picture.Reader{Classes: test.known, SkipUnreadable: skip}.FS(t.Context(), test.fsys)
				if want == "" && (err != nil || set.Len() != 1) || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
					t.Errorf("left out: %t: set %v, error %v; want %q", skip, set, err, want)
				}
			}
		})
	}
}
