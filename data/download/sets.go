package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/parquet"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/fastresnet/fastresnet/internal/atomicfile"
	"github.com/fastresnet/fastresnet/internal/datafolder"
)

// The official archives, by https://www.cs.toronto.edu/~kriz/cifar.html, which has their MD5.
var (
	cifar10Archive = File{
		Name: "cifar-10-binary.tar.gz",
		URLs: []string{"https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"},
		Size: 170_052_171, MD5: "c32a1d4ab5d03f1284b67883e8d87530",
	}
	cifar100Archive = File{
		Name: "cifar-100-binary.tar.gz",
		URLs: []string{"https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"},
		Size: 168_513_733, MD5: "03b5dce01913d631647c71ecec9e9cb8",
	}
)

// The same images as Parquet, which come many times faster.
var (
	cifar10Train = File{
		Name: "cifar10-train.parquet",
		URLs: []string{"https://huggingface.co/datasets/uoft-cs/cifar10/resolve/main/plain_text/train-00000-of-00001.parquet"},
		Size: 119_705_255, SHA256: "ead8c41c0968c6f96c522dfaa5393b361819ee998968037cce7c7efc3396568e",
	}
	cifar10Test = File{
		Name: "cifar10-test.parquet",
		URLs: []string{"https://huggingface.co/datasets/uoft-cs/cifar10/resolve/main/plain_text/test-00000-of-00001.parquet"},
		Size: 23_940_850, SHA256: "a4b5762d285d0775cfd7bd06b30c514f3bf98f8feab7f15f672bfe8161c14735",
	}
)

// The images and labels of CIFAR-10, wherever they come from and in whatever order: see contents.
const (
	cifar10TrainContents = "d59acf989e068e709ce686cda292672c7b212c08d29d3d3e6d8c3aa99eba6a85"
	cifar10TestContents  = "899683d46c3a8c66fd56e1af12202e69fe5a4517be10b0f68e04c78fe585c57c"
)

// CIFAR10 returns CIFAR-10, the training and the test set, from files in a folder, which it downloads if they are not
// there: from Hugging Face (144 MB), or else the official archive (170 MB). What comes from Hugging Face is compared with
// the official images, pixel by pixel, and written as the official files (184 MB) if there is room for them, so that
// [data.CIFAR10] finds them without a client. An empty folder is the one where that looks by itself.
func (c Client) CIFAR10(ctx context.Context, folder string) (train, test *data.Dataset, err error) {
	if err := argument.Context(ctx); err != nil {
		return nil, nil, err
	}
	if folder, err = orUsual(folder); err != nil {
		return nil, nil, fmt.Errorf("CIFAR-10: %w", err)
	}
	if train, test, err = data.CIFAR10(folder); !errors.Is(err, data.ErrNotFound) || isFile(folder) {
		return train, test, err
	}
	train, test, mirrored := c.mirroredCIFAR10(ctx, folder)
	if mirrored == nil {
		_ = writeCIFAR10(folder, train, test) // if not, the files that they came in are there the next time
		return train, test, nil
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if train, test, err = data.CIFAR10(folder); err == nil { // another program has done the same, and taken its files away
		return train, test, nil
	}
	path, err := c.Fetch(ctx, folder, cifar10Archive)
	if err != nil {
		return nil, nil, fmt.Errorf("CIFAR-10: %w", errors.Join(mirrored, err))
	}
	return data.CIFAR10(path)
}

// orUsual is a folder, or if it is empty that where data sets are looked for.
func orUsual(folder string) (string, error) {
	if folder == "" {
		return datafolder.Path()
	}
	return folder, nil
}

// isFile says whether what should be a folder is a file, into which nothing can be downloaded.
func isFile(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && info.Mode().IsRegular()
}

// mirroredCIFAR10 is CIFAR-10 from Hugging Face.
func (c Client) mirroredCIFAR10(ctx context.Context, folder string) (train, test *data.Dataset, err error) {
	var sets []*data.Dataset
	for _, part := range []struct {
		file     File
		contents string
	}{{cifar10Test, cifar10TestContents}, {cifar10Train, cifar10TrainContents}} {
		path, err := c.Fetch(ctx, folder, part.file)
		if err != nil {
			return nil, nil, err
		}
		set, _, err := parquet.Read(ctx, picture.Reader{Classes: data.CIFAR10Classes()}, parquet.Columns{Image: "img", Label: "label"}, path)
		if err != nil {
			return nil, nil, err
		}
		if got := contents(set); got != part.contents {
			return nil, nil, fmt.Errorf("%w: %s does not hold the official images: their hash is %s, want %s", ErrHash, filepath.Base(path), got, part.contents)
		}
		sets = append(sets, set)
	}
	return sets[1], sets[0], nil
}

// writeCIFAR10 writes the sets as the official binary files, in place of those that they came in.
func writeCIFAR10(folder string, train, test *data.Dataset) error {
	const perFile = 10_000
	files := filepath.Join(folder, "cifar-10-batches-bin")
	if err := os.MkdirAll(files, 0o777); err != nil {
		return err
	}
	write := func(name string, set *data.Dataset, first int) error {
		return atomicfile.Write(filepath.Join(files, name), func(w io.Writer) error {
			size := set.Shape().Size()
			record := make([]byte, 1+size)
			for i := first; i < first+perFile; i++ {
				record[0] = byte(set.Label(i))
				pixels := set.Pixels()[i*size : (i+1)*size]
				for p, v := range pixels { // planes of red, green and blue
					record[1+p%3*size/3+p/3] = v
				}
				if _, err := w.Write(record); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for batch := range train.Len() / perFile {
		if err := write(fmt.Sprintf("data_batch_%d.bin", batch+1), train, batch*perFile); err != nil {
			return err
		}
	}
	if err := write("test_batch.bin", test, 0); err != nil {
		return err
	}
	for _, file := range []File{cifar10Train, cifar10Test} {
		if err := os.Remove(filepath.Join(folder, file.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// CIFAR100 is [Client.CIFAR10] for CIFAR-100, from the official archive (169 MB): see [data.CIFAR100] for coarse.
func (c Client) CIFAR100(ctx context.Context, folder string, coarse bool) (train, test *data.Dataset, err error) {
	if folder, err = orUsual(folder); err != nil {
		return nil, nil, fmt.Errorf("CIFAR-100: %w", err)
	}
	if train, test, err = data.CIFAR100(folder, coarse); !errors.Is(err, data.ErrNotFound) || isFile(folder) {
		return train, test, err
	}
	path, err := c.Fetch(ctx, folder, cifar100Archive)
	if err != nil {
		return nil, nil, fmt.Errorf("CIFAR-100: %w", err)
	}
	return data.CIFAR100(path, coarse)
}

// contents is a hash of a set's images and labels in any order.
func contents(set *data.Dataset) string {
	size := set.Shape().Size()
	var all []string
	for i := range set.Len() {
		sum := sha256.Sum256(append([]byte{byte(set.Label(i))}, set.Pixels()[i*size:(i+1)*size]...))
		all = append(all, string(sum[:]))
	}
	slices.Sort(all)
	whole := sha256.New()
	for _, sum := range all {
		whole.Write([]byte(sum))
	}
	return hex.EncodeToString(whole.Sum(nil))
}
