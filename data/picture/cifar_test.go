package picture_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
)

// CIFAR-10 written out as PNG files, and listed in its order, is CIFAR-10 again: what is trained on it is the same to the
// digit. FASTRESNET_TEST_IMAGES is how many images are written, 500 unless it says otherwise.
func TestCIFAR10AsPictures(t *testing.T) {
	if os.Getenv("FASTRESNET_DATA") == "" {
		t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to write")
	}
	n := 500
	if text := os.Getenv("FASTRESNET_TEST_IMAGES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	want, _, err := data.CIFAR10("")
	if err != nil {
		t.Fatal(err)
	}
	if want, err = want.Slice(0, n); err != nil {
		t.Fatal(err)
	}
	folder, list := t.TempDir(), "path,label\n"
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	for i := range want.Len() {
		class := want.Classes()[want.Label(i)]
		var b bytes.Buffer
		if err := encoder.Encode(&b, want.Image(i)); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(folder, class), 0o755); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s/%05d.png", class, i)
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		list += name + "," + class + "\n"
	}
	if err := os.WriteFile(filepath.Join(folder, "list.csv"), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	got, _, err := picture.Reader{Classes: want.Classes()}.List(context.Background(), filepath.Join(folder, "list.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pixels(), want.Pixels()) || !slices.Equal(got.Labels(), want.Labels()) || !slices.Equal(got.Classes(), want.Classes()) {
		t.Error("it is another set")
	}
}
