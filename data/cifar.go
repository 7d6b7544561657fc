package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/datafolder"
)

// cifar is one of the two data sets that Krizhevsky (2009) drew from Tiny Images, in its binary version.
type cifar struct {
	name string
	// url is where the official data is published: in an archive, of which some browsers make tar, as they unpack the
	// gzip, and in that a folder.
	url, archive, tar, folder string
	files                     []cifarFile // to train on, in order, and the one to test with last
	// A record is some labels, of a byte each, of which one counts, and then three planes of 32x32 bytes: red, green and
	// blue, each row by row.
	labels, label int
	classes       []string
	// others are the names of files and archives of the versions for Python and MATLAB.
	others []string
}

// cifarFile is a file and the number of its records.
type cifarFile struct {
	name    string
	records int
}

// cifar10 is CIFAR-10 with a number of images in each file.
func cifar10(records int) cifar {
	return cifar{
		name: "CIFAR-10",
		url:  "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", archive: "cifar-10-binary.tar.gz", tar: "cifar-10-binary.tar", folder: "cifar-10-batches-bin",
		files: []cifarFile{
			{"data_batch_1.bin", records}, {"data_batch_2.bin", records}, {"data_batch_3.bin", records}, {"data_batch_4.bin", records},
			{"data_batch_5.bin", records}, {"test_batch.bin", records},
		},
		labels: 1, label: 0, classes: cifar10Classes[:],
		others: []string{
			"data_batch_1", "test_batch", "cifar-10-batches-py", "cifar-10-python.tar.gz", "data_batch_1.mat", "test_batch.mat",
			"cifar-10-batches-mat", "cifar-10-matlab.tar.gz",
		},
	}
}

// cifar10Records is how many images each of the official files has.
const cifar10Records = 10_000

// cifar10Classes are the names in the official batches.meta.txt, in order of their label.
var cifar10Classes = [...]string{
	"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
}

// CIFAR10Classes are the names of CIFAR-10's classes, in order of their labels.
func CIFAR10Classes() []string { return slices.Clone(cifar10Classes[:]) }

// CIFAR10 reads the CIFAR-10 data set in its binary version: 50,000 training and 10,000 test
// images, 32x32x3, of 10 classes, in the order of the files.
//
// The path is the official archive, cifar-10-binary.tar.gz, or the .tar in it; or the folder it unpacks to,
// cifar-10-batches-bin; or a folder that holds any of these, or whose subfolder holds the files. An empty path stands
// for that of [FindCIFAR10]. The archive is read as it is, in one pass: nothing is written, and no more than
// the official size is read from a file, whatever it holds.
//
// The error wraps [ErrNotFound] if the path or one of the six files is missing, and [ErrFormat] if
// a file is cut short, too long or corrupt, or if a label is over 9. It names the file, and the
// record where there is one; records count from 0. Of the data set's Python and MATLAB versions it says which to get
// instead; [CIFAR10Python] reads the first.
//
// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
func CIFAR10(path string) (train, test *Dataset, err error) {
	return cifar10(cifar10Records).read(path)
}

// FindCIFAR10 returns a path of the CIFAR-10 files that [CIFAR10] takes, without reading them.
//
// If the environment variable FASTRESNET_DATA is set, that is the only place where it looks;
// otherwise it looks in the folder fastresnet of [os.UserCacheDir]. Either may be anything that
// [CIFAR10] takes. The error wraps [ErrNotFound] and names the place; without the variable, it says
// how to get the data.
func FindCIFAR10() (path string, err error) { return cifar10(cifar10Records).find() }

// find returns the path of the files in the place where they are looked for.
func (c cifar) find() (path string, err error) {
	folder, err := datafolder.Path()
	if err != nil {
		return "", fmt.Errorf("%w: %s: no cache folder (%w): get %s and set %s to where it is",
			ErrNotFound, c.name, err, c.url, datafolder.Variable)
	}
	found, err := c.locate(folder)
	switch {
	case err != nil && os.Getenv(datafolder.Variable) != "":
		return "", fmt.Errorf("environment variable %s: %w", datafolder.Variable, err)
	case errors.Is(err, ErrNotFound):
		return "", fmt.Errorf("%w: get %s and put it in %s, or set %s to where it is",
			err, c.url, folder, datafolder.Variable)
	}
	return found, err
}

// locate returns the archive, or the folder directly over the files, that path stands for.
// A folder counts if any of the files is there, so that the error can name those that are not.
func (c cifar) locate(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: %s: there is no %s", ErrNotFound, c.name, path)
	case err != nil:
		return "", fmt.Errorf("%s: %w", c.name, err)
	case !info.IsDir():
		return path, nil
	}
	folders := []string{path, filepath.Join(path, c.folder)}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.name, err)
	}
	for _, e := range entries {
		if below := filepath.Join(path, e.Name()); e.IsDir() && e.Name() != c.folder {
			folders = append(folders, below, filepath.Join(below, c.folder))
		}
	}
	for _, folder := range folders {
		if holdsAny(folder, c.fileNames()) {
			return folder, nil
		}
	}
	for _, name := range []string{c.archive, c.tar} {
		if archive := filepath.Join(path, name); exists(archive) {
			return archive, nil
		}
	}
	for _, folder := range folders {
		if holdsAny(folder, c.others) {
			return "", c.otherVersion(folder)
		}
	}
	return "", fmt.Errorf("%w: %s: %s holds neither %s nor %s nor %s", ErrNotFound, c.name, path,
		c.files[0].name, c.folder, c.archive)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func holdsAny(folder string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return exists(filepath.Join(folder, name)) })
}

// otherVersion is the error for a version for Python or MATLAB at a place.
func (c cifar) otherVersion(place string) error {
	return fmt.Errorf("%w: %s is %s in its version for Python or MATLAB: get the binary version, %s, or read Python's by %sPython", ErrNotFound, place, c.name, c.url,
		strings.ReplaceAll(c.name, "-", ""))
}

// read reads the files at a path, "" for that of find.
func (c cifar) read(path string) (train, test *Dataset, err error) {
	if path == "" {
		if path, err = c.find(); err != nil {
			return nil, nil, err
		}
	}
	if path, err = c.locate(path); err != nil {
		return nil, nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.name, err)
	}
	read := c.readArchive
	switch {
	case info.IsDir():
		read = c.readFolder
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%w: %s: %s is neither a folder nor a file", ErrFormat, c.name, path)
	}
	batches, err := read(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", c.name, path, err)
	}
	return batches.split()
}

// fileNames are the names of the files.
func (c cifar) fileNames() []string {
	var names []string
	for _, f := range c.files {
		names = append(names, f.name)
	}
	return names
}

// record is the size of a record.
func (c cifar) record() int { return c.labels + cifarImage }
