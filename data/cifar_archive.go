package data

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
)

// archiveSlack is how many bytes an archive may unpack to besides the files: headers, padding,
// and the two small files that come with them (a few kilobytes in the official archive).
const archiveSlack = 16 << 20

// readArchive reads the files in a tar, gzipped or not, in whatever order they come, in one pass.
func (c cifar) readArchive(name string) (*batches, error) {
	b := c.newBatches()
	return b, eachInArchive(name, int64(len(b.labels))*int64(c.record())+archiveSlack, b.readTar)
}

// eachInArchive has f read the files in a tar, gzipped or not, that unpacks to no more than limit bytes. It reads
// to the end even when f has them all, because the checksum is there.
func eachInArchive(name string, limit int64, f func(*tar.Reader) error) (err error) {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	buffered := bufio.NewReaderSize(file, 1<<20)
	var unzipped io.Reader = buffered
	const headerSize = 512 // of a tar
	switch start, _ := buffered.Peek(headerSize); {
	case len(start) == 0:
		return archiveError(io.EOF)
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		if unzipped, err = gzip.NewReader(buffered); err != nil {
			return archiveError(err)
		}
	case len(start) < headerSize:
		return archiveError(tar.ErrHeader)
	}
	bounded := &boundedReader{r: unzipped, limit: limit, left: limit + 1}
	if err := f(tar.NewReader(bounded)); err != nil {
		return archiveError(err)
	}
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return archiveError(err)
	}
	return nil
}

// readTar reads the files, each of which must be in the archive once.
func (b *batches) readTar(archive *tar.Reader) error {
	files := b.set.fileNames()
	found := make([]bool, len(files))
	var other bool // a file of another version of the data set is there
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name := path.Base(header.Name) // whatever folder it is in, which tar lets be absolute
		i := slices.Index(files, name)
		if i < 0 {
			other = other || slices.Contains(b.set.others, name)
			continue
		}
		if header.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: %s is not a regular file", ErrFormat, name)
		}
		if found[i] {
			return fmt.Errorf("%w: %s is there twice", ErrFormat, name)
		}
		found[i] = true
		if err := b.set.checkSize(b.set.files[i], header.Size); err != nil {
			return err
		}
		if err := b.read(i, archive); err != nil {
			return err
		}
	}
	if other && !slices.Contains(found, true) {
		return b.set.otherVersion("it")
	}
	var problems []error
	for i, name := range files {
		if !found[i] {
			problems = append(problems, fmt.Errorf("%w: %s is missing", ErrNotFound, name))
		}
	}
	return errors.Join(problems...)
}

// archiveError makes what the gzip and tar readers found wrong an ErrFormat. Errors that are
// settled already, and those of the disk, stay what they are.
func archiveError(err error) error {
	var disk *fs.PathError
	switch {
	case errors.Is(err, ErrFormat), errors.Is(err, ErrNotFound), errors.As(err, &disk):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the archive is cut short: %w", ErrFormat, err)
	}
	return fmt.Errorf("%w: not a sound .tar.gz or .tar: %w", ErrFormat, err)
}

// boundedReader fails, rather than ending, after limit bytes.
type boundedReader struct {
	r           io.Reader
	limit, left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: the archive unpacks to more than %d bytes", ErrFormat, b.limit)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
