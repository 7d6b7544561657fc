package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	// cifar10URL is where the official data is published.
	cifar10URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
	// cifar10Folder is the folder inside the official archive.
	cifar10Folder = "cifar-10-batches-bin"
	// cifar10Archive is the name of the official archive, and cifar10Tar what some browsers make of it, which unpack
	// the gzip.
	cifar10Archive = "cifar-10-binary.tar.gz"
	cifar10Tar     = "cifar-10-binary.tar"
	// cifar10Records is the number of images in each of the files.
	cifar10Records = 10_000
)

// cifar10Files are the training files, in order, and the test file last.
var cifar10Files = [...]string{
	"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin",
	"test_batch.bin",
}

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
// instead.
//
// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
func CIFAR10(path string) (train, test *Dataset, err error) {
	if path == "" {
		if path, err = FindCIFAR10(); err != nil {
			return nil, nil, err
		}
	}
	return readCIFAR10(path, cifar10Records)
}

// FindCIFAR10 returns a path of the CIFAR-10 files that [CIFAR10] takes, without reading them.
//
// If the environment variable FASTRESNET_DATA is set, that is the only place where it looks;
// otherwise it looks in the folder fastresnet of [os.UserCacheDir]. Either may be anything that
// [CIFAR10] takes. The error wraps [ErrNotFound] and names the place; without the variable, it says
// how to get the data.
func FindCIFAR10() (path string, err error) {
	if path := os.Getenv("FASTRESNET_DATA"); path != "" {
		found, err := locateCIFAR10(path)
		if err != nil {
			return "", fmt.Errorf("environment variable FASTRESNET_DATA: %w", err)
		}
		return found, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: CIFAR-10: no cache folder (%w): get %s and set FASTRESNET_DATA to where it is",
			ErrNotFound, err, cifar10URL)
	}
	folder := filepath.Join(cache, "fastresnet")
	found, err := locateCIFAR10(folder)
	if errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("%w: get %s and unpack it in %s, or set FASTRESNET_DATA to where it is",
			err, cifar10URL, folder)
	}
	return found, err
}

// locateCIFAR10 returns the archive, or the folder directly over the files, that path stands for.
// A folder counts if any of the files is there, so that the error can name those that are not.
func locateCIFAR10(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: CIFAR-10: there is no %s", ErrNotFound, path)
	case err != nil:
		return "", fmt.Errorf("CIFAR-10: %w", err)
	case !info.IsDir():
		return path, nil
	}
	folders := []string{path, filepath.Join(path, cifar10Folder)}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", fmt.Errorf("CIFAR-10: %w", err)
	}
	for _, e := range entries {
		if below := filepath.Join(path, e.Name()); e.IsDir() && e.Name() != cifar10Folder {
			folders = append(folders, below, filepath.Join(below, cifar10Folder))
		}
	}
	for _, folder := range folders {
		if holdsAny(folder, cifar10Files[:]) {
			return folder, nil
		}
	}
	for _, name := range []string{cifar10Archive, cifar10Tar} {
		if archive := filepath.Join(path, name); exists(archive) {
			return archive, nil
		}
	}
	for _, folder := range folders {
		if holdsAny(folder, otherVersions) {
			return "", otherVersion(folder)
		}
	}
	return "", fmt.Errorf("%w: CIFAR-10: %s holds neither %s nor %s nor %s", ErrNotFound, path,
		cifar10Files[0], cifar10Folder, cifar10Archive)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func holdsAny(folder string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return exists(filepath.Join(folder, name)) })
}

// otherVersions are names of files and archives of the data set's Python and MATLAB versions.
var otherVersions = []string{
	"data_batch_1", "test_batch", "cifar-10-batches-py", "cifar-10-python.tar.gz", "data_batch_1.mat", "test_batch.mat",
	"cifar-10-batches-mat", "cifar-10-matlab.tar.gz",
}

// otherVersion is the error for one of those at a place.
func otherVersion(place string) error {
	return fmt.Errorf("%w: %s is CIFAR-10 in its version for Python or MATLAB: get the binary version, %s", ErrNotFound, place, cifar10URL)
}

// readCIFAR10 is CIFAR10 for files of a number of records each.
func readCIFAR10(path string, records int) (train, test *Dataset, err error) {
	path, err = locateCIFAR10(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("CIFAR-10: %w", err)
	}
	read := readArchive
	switch {
	case info.IsDir():
		read = readFolder
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%w: CIFAR-10: %s is neither a folder nor a file", ErrFormat, path)
	}
	batches, err := read(path, records)
	if err != nil {
		return nil, nil, fmt.Errorf("CIFAR-10: %s: %w", path, err)
	}
	return batches.split()
}
