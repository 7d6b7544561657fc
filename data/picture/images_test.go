package picture_test

import (
	"context"
	"errors"
	"image"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Pictures that are decoded already make the set that their files make.
func TestReaderImages(t *testing.T) {
	ctx, fsys := context.Background(), ownFolder(t)
	r := picture.Reader{Shape: data.Shape{Height: 12, Width: 20, Channels: 3}, Resizing: data.ResizeByPadding}
	want, _, err := r.FS(ctx, fsys)
	if err != nil {
		t.Fatal(err)
	}
	var images []image.Image
	var classes []string
	for i := range want.Len() {
		img, err := picture.Decode(ctx, fsys[want.Name(i)].Data)
		if err != nil {
			t.Fatal(err)
		}
		images, classes = append(images, img), append(classes, want.Classes()[want.Label(i)])
	}
	got, report, err := r.Images(ctx, images, classes)
	if err != nil || report.String() != "" {
		t.Fatalf("report %v, error %v", report, err)
	}
	if diff := cmp.Diff(want.Pixels(), got.Pixels()); diff != "" {
		t.Errorf("pixels differ: %s", diff)
	}
	if diff := cmp.Diff(want.Labels(), got.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got.Resizing() != data.ResizeByPadding || got.Name(1) != "image 1" {
		t.Errorf("the set has the resizing %q, and an image's name is %q", got.Resizing(), got.Name(1))
	}
}

// careless is a picture whose methods panic.
type careless struct{ image.Image }

func TestReaderRefusesImages(t *testing.T) {
	good := image.NewGray(image.Rect(0, 0, 9, 9))
	for _, tt := range []struct {
		name    string
		images  []image.Image
		classes []string
		says    string
	}{
		{"none", nil, nil, "there are no pictures"},
		{"a class too few", []image.Image{good, good}, []string{"a"}, "2 pictures, but the classes of 1"},
		{"nil", []image.Image{good, nil}, []string{"a", "b"}, `"image 1": it is nil`},
		{"no pixels", []image.Image{image.NewGray(image.Rectangle{})}, []string{"a"}, `"image 0": it has no pixels`},
		{"one that panics", []image.Image{careless{}}, []string{"a"}, `"image 0": `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, _, err := picture.Reader{}.Images(context.Background(), tt.images, tt.classes)
			if set != nil || !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("set %v, error %v; want one that says %q", set, err, tt.says)
			}
		})
	}
	set, report, err := picture.Reader{SkipUnreadable: true}.Images(context.Background(), []image.Image{nil, good}, []string{"a", "a"})
	if err != nil || set.Len() != 1 || len(report.Skipped) != 1 {
		t.Errorf("set %v, report %v, error %v; want one image, and one skipped", set, report, err)
	}
}

// What a newcomer would not expect of the default, pictures in colour of which a square is taken, is in the report.
func TestReaderReportsGreyAndCut(t *testing.T) {
	grey, wide, square := image.NewGray(image.Rect(0, 0, 40, 20)), testpicture.Image(40, 20), testpicture.Image(20, 20)
	for _, tt := range []struct {
		name   string
		images []image.Image
		reader picture.Reader
		want   picture.Report
		says   string
	}{
		{"squares in colour", []image.Image{square, square}, picture.Reader{}, picture.Report{}, ""},
		{"grey", []image.Image{image.NewGray(image.Rect(0, 0, 8, 8)), image.NewGray(image.Rect(0, 0, 9, 9))}, picture.Reader{}, picture.Report{Grey: true}, "all pictures are grey: images of one channel would do\n"},
		{"grey, and in colour", []image.Image{grey, square}, picture.Reader{}, picture.Report{Cut: 0.25}, "25 % of the average picture is cut off: other proportions, padding or stretching would keep it\n"},
		{"grey as grey", []image.Image{grey, wide}, picture.Reader{Shape: data.Shape{Height: 8, Width: 16, Channels: 1}}, picture.Report{}, ""},
		{"wide", []image.Image{wide, wide}, picture.Reader{}, picture.Report{Cut: 0.5}, "50 % of the average picture is cut off: other proportions, padding or stretching would keep it\n"},
		{"padded", []image.Image{wide, wide}, picture.Reader{Resizing: data.ResizeByPadding}, picture.Report{}, ""},
		{"a little", []image.Image{testpicture.Image(20, 18), square}, picture.Reader{}, picture.Report{Cut: 0.05}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, report, err := tt.reader.Images(t.Context(), tt.images, []string{"cat", "dog"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, report, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.says, report.String()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}
