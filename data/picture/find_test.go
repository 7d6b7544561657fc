package picture_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/google/go-cmp/cmp"
)

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
