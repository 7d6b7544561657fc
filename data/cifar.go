package data

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/datafolder"
)

// cifar is one of the two data sets that Krizhevsky (2009) drew from Tiny Images.
type cifar struct {
	name     string
	classes  []string
	images   []int          // of each file to train on, in order, and of the one to test with, which is the last
	versions []cifarVersion // the first one that is there is read; binary, for Python, and for MATLAB
}

// cifarVersion is a form in which a data set is published: an archive, of which some browsers make a .tar, as they unpack the
// gzip, and in that a folder with the files.
type cifarVersion struct {
	archive, folder string
	files           []string // with as many images each as the set says
	// tell is how many of the files must be in a folder for it to be one of this version, and mark, if it is set, a file that must be
	// there beside them: files "train" and "test" may be anything. In an archive nothing is asked for but the files.
	tell int
	mark string
	// oneByOne is for files that take much memory while they are read.
	oneByOne bool
	layout   cifarLayout // nil for what is not read
}

// cifarLayout is how a file holds images and their labels.
type cifarLayout interface {
	// checkSize reports a size, in bytes, that a file of so many images cannot have.
	checkSize(size int64, images int) error
	// read reads len(labels) images from r. Labels are in 0 to classes-1.
	read(r io.Reader, pixels []uint8, labels []int, classes int) error
}

// cifar10 is CIFAR-10 with a number of images in each file.
func cifar10(images int) cifar {
	files := func(ending string) []string {
		return []string{
			"data_batch_1" + ending, "data_batch_2" + ending, "data_batch_3" + ending, "data_batch_4" + ending,
			"data_batch_5" + ending, "test_batch" + ending,
		}
	}
	return cifar{
		name: "CIFAR-10", classes: cifar10Classes[:], images: slices.Repeat([]int{images}, 6),
		versions: []cifarVersion{
			{archive: "cifar-10-binary.tar.gz", folder: "cifar-10-batches-bin", files: files(".bin"), tell: 1,
				layout: cifarRecords{labels: 1, label: 0}},
			{archive: "cifar-10-python.tar.gz", folder: "cifar-10-batches-py", files: files(""), tell: 2, oneByOne: true,
				layout: cifarPickle{"labels"}},
			{archive: "cifar-10-matlab.tar.gz", folder: "cifar-10-batches-mat", files: files(".mat"), tell: 1},
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

// CIFAR10 reads the CIFAR-10 data set: 50,000 training and 10,000 test images, 32x32x3, of 10 classes, in the order of the
// files. It reads the binary version, and where that is not there the version for Python.
//
// The path is an official archive, cifar-10-binary.tar.gz or cifar-10-python.tar.gz, or the .tar in it; or the folder it
// unpacks to, cifar-10-batches-bin or cifar-10-batches-py; or a folder that holds any of these, or whose subfolder holds the
// files. An empty path stands for that of [FindCIFAR10]. An archive is read as it is, in one pass, and nothing is written.
// Nothing that the version for Python says is run. No more than the official size is read from a file, whatever it holds, and
// from one for Python no more than some two times that.
//
// The error wraps [ErrNotFound] if the path or one of the six files is missing, and [ErrFormat] if
// a file is cut short, too long or corrupt, or if a label is over 9. It names the file, and the
// record where there is one; records count from 0. Of the data set's MATLAB version it says which to get instead.
//
// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version" and "Dataset layout".
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
			ErrNotFound, c.name, err, c.url(), datafolder.Variable)
	}
	found, _, err := c.locate(folder)
	switch {
	case err != nil && os.Getenv(datafolder.Variable) != "":
		return "", fmt.Errorf("environment variable %s: %w", datafolder.Variable, err)
	case errors.Is(err, ErrNotFound):
		return "", fmt.Errorf("%w: get %s and put it in %s, or set %s to where it is",
			err, c.url(), folder, datafolder.Variable)
	}
	return found, err
}

// locate returns the archive, or the folder directly over the files, that path stands for, and the version in a folder. Which
// one an archive holds is seen when it is read.
func (c cifar) locate(path string) (string, cifarVersion, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", cifarVersion{}, fmt.Errorf("%w: %s: there is no %s", ErrNotFound, c.name, path)
	case err != nil:
		return "", cifarVersion{}, fmt.Errorf("%s: %w", c.name, err)
	case !info.IsDir():
		return path, cifarVersion{}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", cifarVersion{}, fmt.Errorf("%s: %w", c.name, err)
	}
	for _, v := range c.versions {
		switch found := v.below(path, entries); {
		case found == "":
		case v.layout == nil:
			return "", cifarVersion{}, c.unreadVersion(found)
		default:
			return found, v, nil
		}
	}
	binary := c.versions[0]
	return "", cifarVersion{}, fmt.Errorf("%w: %s: %s holds neither %s nor %s nor %s, nor the version for Python",
		ErrNotFound, c.name, path, binary.files[0], binary.folder, binary.archive)
}

// below returns the folder over the version's files, or the archive, that path or one of its entries is; "" if there is none.
// Official names come before others, whose files may be a stranger's.
func (v cifarVersion) below(path string, entries []fs.DirEntry) string {
	for _, folder := range []string{filepath.Join(path, v.folder), path} {
		if v.isIn(folder) {
			return folder
		}
	}
	for _, name := range []string{v.archive, strings.TrimSuffix(v.archive, ".gz")} {
		if archive := filepath.Join(path, name); isFile(archive) {
			return archive
		}
	}
	for _, e := range entries {
		below := filepath.Join(path, e.Name())
		for _, folder := range []string{filepath.Join(below, v.folder), below} {
			if e.IsDir() && v.isIn(folder) {
				return folder
			}
		}
	}
	return ""
}

// isIn says whether files of the version are directly in a folder. It need not have all of them, so that the error can name those
// that are missing.
func (v cifarVersion) isIn(folder string) bool {
	n := 0
	for _, name := range v.files {
		if isFile(filepath.Join(folder, name)) {
			n++
		}
	}
	return n >= v.tell && (v.mark == "" || isFile(filepath.Join(folder, v.mark)))
}

// isFile says whether there is something other than a folder.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// unreadVersion is the error for the version for MATLAB at a place.
func (c cifar) unreadVersion(place string) error {
	return fmt.Errorf("%w: %s is %s in its version for MATLAB, which is not read: get the binary version, %s",
		ErrNotFound, place, c.name, c.url())
}

// url is where the official archive of the binary version is.
func (c cifar) url() string { return "https://www.cs.toronto.edu/~kriz/" + c.versions[0].archive }

// read reads the files at a path, "" for that of find.
func (c cifar) read(path string) (train, test *Dataset, err error) {
	if path == "" {
		if path, err = c.find(); err != nil {
			return nil, nil, err
		}
	}
	path, v, err := c.locate(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.name, err)
	}
	var b *batches
	switch {
	case info.IsDir():
		b, err = c.readFolder(path, v)
	case info.Mode().IsRegular():
		b, err = c.readArchive(path)
	default:
		err = fmt.Errorf("%w: it is neither a folder nor a file", ErrFormat)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", c.name, path, err)
	}
	return b.split()
}
