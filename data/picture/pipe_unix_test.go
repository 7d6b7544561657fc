//go:build unix

package picture_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

// Nobody writes to a pipe that is called like a picture, or that a link leads to: nothing waits for it.
func TestPipes(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "set")
	pipe := filepath.Join(top, "pipe.png")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip(err)
	}
	list := filepath.Join(top, "list.csv")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(folder, "cat"), 0o777),
		os.WriteFile(filepath.Join(folder, "cat", "good.png"), testpicture.Encode(t, "png", testpicture.Image(4, 4)), 0o666),
		os.Symlink("good.png", filepath.Join(folder, "cat", "linked.png")),
		os.Symlink(pipe, filepath.Join(folder, "cat", "pipe.png")),
		os.WriteFile(list, []byte("path,label\npipe.png,cat\nset/cat/good.png,cat\n"), 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	skip := picture.Reader{SkipUnreadable: true}
	ctx := context.Background()
	listed := func(set *data.Dataset, report picture.Report, err error) error {
		if err != nil || set.Len() != 1 || len(report.Skipped) != 1 {
			t.Errorf("%v, %v, %v", set, report, err)
			return err
		}
		return report.Skipped[0].Err
	}
	for _, tt := range []struct {
		label string
		read  func() error
		want  error
	}{
		{"a picture", func() error { _, err := picture.Open(ctx, pipe); return err }, picture.ErrFormat},
		{"a zip file", func() error { _, _, err := skip.Folder(ctx, pipe); return err }, data.ErrFormat},
		{"in a list", func() error { return listed(skip.List(ctx, list)) }, picture.ErrFormat},
		{"in a list of a file system", func() error {
			return listed(skip.Pictures(ctx, os.DirFS(top), []picture.Labelled{{Path: "pipe.png", Class: "cat"}, {Path: "set/cat/good.png", Class: "cat"}}))
		}, picture.ErrFormat},
		{"behind a link in a folder", func() error {
			set, report, err := skip.Folder(ctx, folder)
			if err != nil || set.Len() != 2 {
				t.Errorf("%v, %v", set, err)
			}
			if diff := cmp.Diff(picture.Report{Ignored: []string{"cat/pipe.png"}}, report); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			return err
		}, nil},
	} {
		t.Run(tt.label, func(t *testing.T) {
			done := make(chan error, 1)
			go func() { done <- tt.read() }()
			select {
			case err := <-done:
				if !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it waits for the pipe")
			}
		})
	}
}
