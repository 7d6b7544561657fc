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

// archiveSlack is how many bytes an archive may unpack to besides the images: headers, padding, small files that come with
// them (a few kilobytes in the official archives), and in the version for Python the images' names.
const archiveSlack = 16 << 20

// readArchive reads the files in a tar, gzipped or not, in whatever order they come, in one pass. It reads to the end even
// when it has them all, because the checksum is there.
func (c cifar) readArchive(name string) (b *batches, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	buffered := bufio.NewReaderSize(file, 1<<20)
	var unzipped io.Reader = buffered
	const headerSize = 512 // of a tar
	switch start, _ := buffered.Peek(headerSize); {
	case len(start) == 0:
		return nil, archiveError(io.EOF)
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		if unzipped, err = gzip.NewReader(buffered); err != nil {
			return nil, archiveError(err)
		}
	case len(start) < headerSize:
		return nil, archiveError(tar.ErrHeader)
	}
	b = c.newBatches()
	limit := pickleBytes*int64(len(b.pixels)) + archiveSlack
	bounded := &boundedReader{r: unzipped, limit: limit, left: limit + 1}
	if err := b.readTar(tar.NewReader(bounded)); err != nil {
		return nil, archiveError(err)
	}
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return nil, archiveError(err)
	}
	return b, nil
}

// readTar reads the files of a version, each of which must be in the archive once. The version is that of the first file that is
// one of any.
func (b *batches) readTar(archive *tar.Reader) error {
	var v cifarVersion
	found := make([]bool, len(b.set.images))
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name := path.Base(header.Name) // whatever folder it is in, which tar lets be absolute
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if of := b.set.versionWith(name); of != nil && v.layout == nil {
			v = *of
		}
		i := slices.Index(v.files, name)
		if i < 0 || v.layout == nil {
			continue
		}
		if header.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: %s is not a regular file", ErrFormat, name)
		}
		if found[i] {
			return fmt.Errorf("%w: %s is there twice", ErrFormat, name)
		}
		found[i] = true
		if err := b.set.checkSize(i, v, header.Size); err != nil {
			return err
		}
		if err := b.read(i, v, archive); err != nil {
			return err
		}
	}
	switch {
	case v.files == nil:
		v = b.set.versions[0]
	case v.layout == nil:
		return b.set.unreadVersion("it")
	}
	var problems []error
	for i, name := range v.files {
		if !found[i] {
			problems = append(problems, fmt.Errorf("%w: %s is missing", ErrNotFound, name))
		}
	}
	return errors.Join(problems...)
}

// versionWith is the version that has a file of this name; nil if none has.
func (c cifar) versionWith(file string) *cifarVersion {
	i := slices.IndexFunc(c.versions, func(v cifarVersion) bool { return slices.Contains(v.files, file) })
	if i < 0 {
		return nil
	}
	return &c.versions[i]
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
