package download_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/download"
	"github.com/parquet-go/parquet-go"
)

// row is one of Hugging Face's files.
type row struct {
	Img   encoded `parquet:"img"`
	Label int64   `parquet:"label"`
}

type encoded struct {
	Bytes []byte `parquet:"bytes,optional"`
}

// noHash is that of no file.
var noHash = strings.Repeat("0", 64)

// serve serves a set as such a file, of which a number of images have a pixel changed.
func serve(t *testing.T, set *data.Dataset, changed int) download.File {
	t.Helper()
	pixels := bytes.Clone(set.Pixels())
	for i := range changed {
		pixels[i*set.Shape().Size()] ^= 1
	}
	set, err := data.New(pixels, set.Shape(), set.Labels(), set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]row, set.Len())
	encoder := png.Encoder{CompressionLevel: png.NoCompression}
	for i := range rows {
		var b bytes.Buffer
		if err := encoder.Encode(&b, set.Image(i)); err != nil {
			t.Fatal(err)
		}
		rows[i] = row{encoded{b.Bytes()}, int64(set.Label(i))}
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[row](&file, parquet.MaxRowsPerRowGroup(1000))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content := file.Bytes()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(server.Close)
	sum := sha256.Sum256(content)
	return download.File{URLs: []string{server.URL}, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

// CIFAR-10 from a mirror is the official set to the byte, whether or not it can be written as the official files; images that are not the official ones are refused, whatever
// the file's hash says.
func TestCIFAR10(t *testing.T) {
	if os.Getenv("FASTRESNET_DATA") == "" {
		t.Skip("FASTRESNET_DATA is not set: no CIFAR-10 to serve")
	}
	if testing.Short() {
		t.Skip("it encodes 60,000 images")
	}
	train, test, err := data.CIFAR10("")
	if err != nil {
		t.Fatal(err)
	}
	trainFile, testFile := serve(t, train, 0), serve(t, test, 0)
	trainFile.Name, testFile.Name = "train.parquet", "test.parquet"
	nowhere := httptest.NewServer(http.NotFoundHandler())
	defer nowhere.Close()
	archive := download.File{Name: "archive", URLs: []string{nowhere.URL}, Size: 1, SHA256: noHash}
	download.CIFAR10Files(t, trainFile, testFile, archive)
	folder := t.TempDir()
	inTheWay := filepath.Join(folder, "cifar-10-batches-bin") // of the official files
	if err := os.WriteFile(inTheWay, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for i, client := range []download.Client{quick, {Offline: true}, {Offline: true}} {
		if i == 1 {
			if err := os.Remove(inTheWay); err != nil {
				t.Fatal(err)
			}
		}
		gotTrain, gotTest, err := client.CIFAR10(context.Background(), folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, sets := range [][2]*data.Dataset{{train, gotTrain}, {test, gotTest}} {
			if !bytes.Equal(sets[0].Pixels(), sets[1].Pixels()) || sets[0].String() != sets[1].String() {
				t.Errorf("%v, which differs from %v", sets[1], sets[0])
			}
		}
	}

	// The files that were written are the official ones, and are found without a client.
	for _, name := range []string{"data_batch_1.bin", "data_batch_5.bin", "test_batch.bin"} {
		path := filepath.Join(os.Getenv("FASTRESNET_DATA"), "cifar-10-batches-bin", name)
		want, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("FASTRESNET_DATA has no unpacked files to compare with: %v", err)
		}
		if got, err := os.ReadFile(filepath.Join(folder, "cifar-10-batches-bin", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not the official one (%v)", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "train.parquet")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the downloaded file is still there: %v", err)
	}

	changed := serve(t, test, 1)
	changed.Name = "changed.parquet"
	download.CIFAR10Files(t, trainFile, changed, archive)
	if _, _, err := quick.CIFAR10(context.Background(), t.TempDir()); !errors.Is(err, download.ErrHash) || !errors.Is(err, download.ErrStatus) {
		t.Errorf("an image was changed, and the archive is not there: %v", err)
	}
}

// Of two programs that ask for CIFAR-10 at the same time the second may find that the first is done, and has taken away the
// files of the mirror.
func TestCIFAR10OfAnotherProgram(t *testing.T) {
	official := os.Getenv("FASTRESNET_DATA")
	if official == "" {
		t.Skip("FASTRESNET_DATA is not set")
	}
	folder := t.TempDir()
	const files = "cifar-10-batches-bin"
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := os.Symlink(filepath.Join(official, files), filepath.Join(folder, files)); err != nil {
			t.Errorf("the first program: %v", err)
		}
		http.NotFound(w, r)
	}))
	defer mirror.Close()
	at := func(name, url string) download.File {
		return download.File{Name: name, URLs: []string{url}, Size: 1, SHA256: noHash}
	}
	download.CIFAR10Files(t, at("train", mirror.URL), at("test", mirror.URL), at("archive", "http://[::1]:0"))
	if train, _, err := quick.CIFAR10(context.Background(), folder); err != nil || train.Len() != 50_000 {
		t.Errorf("%v, %v", train, err)
	}
}

// Files that are there already are taken, and nobody is asked.
func TestCIFAR10IsThere(t *testing.T) {
	folder := os.Getenv("FASTRESNET_DATA")
	if folder == "" {
		t.Skip("FASTRESNET_DATA is not set")
	}
	for _, folder := range []string{folder, ""} {
		train, _, err := download.Client{Offline: true}.CIFAR10(context.Background(), folder)
		if err != nil || train.Len() != 50_000 {
			t.Errorf("in %q: %v, %v", folder, train, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "none")
	if _, _, err := (download.Client{Offline: true}).CIFAR10(context.Background(), empty); !errors.Is(err, download.ErrOffline) {
		t.Errorf("in an empty folder: %v", err)
	}
	if _, _, err := (download.Client{Offline: true}).CIFAR100(context.Background(), empty, true); !errors.Is(err, download.ErrOffline) {
		t.Errorf("CIFAR-100 in an empty folder: %v", err)
	}
}

// Without a folder a set is fetched to where it is looked for.
func TestCIFARToTheUsualFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "usual")
	t.Setenv("FASTRESNET_DATA", folder)
	nowhere := httptest.NewServer(http.NotFoundHandler())
	defer nowhere.Close()
	at := func(name string) download.File {
		return download.File{Name: name, URLs: []string{nowhere.URL}, Size: 1, SHA256: noHash}
	}
	download.CIFAR10Files(t, at("train"), at("test"), at("archive"))
	if _, _, err := quick.CIFAR10(context.Background(), ""); !errors.Is(err, download.ErrStatus) {
		t.Errorf("CIFAR-10: %v", err)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Error(err)
	}
	if _, _, err := (download.Client{Offline: true}).CIFAR100(context.Background(), "", false); !errors.Is(err, download.ErrOffline) || !strings.Contains(err.Error(), folder) {
		t.Errorf("CIFAR-100: %v", err)
	}
}

// Where a file is named in place of a folder, the error is about what is in it: nothing is downloaded.
func TestCIFARIsAFile(t *testing.T) {
	var content bytes.Buffer
	zipped := gzip.NewWriter(&content)
	archive := tar.NewWriter(zipped)
	path := filepath.Join(t.TempDir(), "cifar-10-python.tar.gz")
	for _, err := range []error{
		archive.WriteHeader(&tar.Header{Name: "cifar-10-batches-py/data_batch_1", Mode: 0o644}), archive.Close(), zipped.Close(),
		os.WriteFile(path, content.Bytes(), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	client := download.Client{Offline: true}
	_, _, want10 := data.CIFAR10(path)
	_, _, err10 := client.CIFAR10(t.Context(), path)
	_, _, want100 := data.CIFAR100(path, false)
	_, _, err100 := client.CIFAR100(t.Context(), path, false)
	if want10 == nil || want100 == nil || fmt.Sprint(err10) != want10.Error() || fmt.Sprint(err100) != want100.Error() {
		t.Errorf("errors:\n%v, want\n%v\n%v, want\n%v", err10, want10, err100, want100)
	}
}
