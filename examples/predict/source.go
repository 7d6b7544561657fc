package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet/data/picture"
)

// source is a file to be classified, by the name that opens it, or a folder in which there is none, and why.
type source struct {
	name string
	err  error
}

// find returns what the arguments name, in their order: files, standard input, and the pictures in folders.
func find(ctx context.Context, arguments []string) (sources []source) {
	for _, name := range arguments {
		info, err := os.Stat(name)
		if name == standardInput || err != nil || !info.IsDir() {
			sources = append(sources, source{name: name}) // if there is no such file, to open it says so
			continue
		}
		pictures, err := picture.Find(ctx, os.DirFS(name))
		if err == nil && len(pictures) == 0 {
			err = fmt.Errorf("there is no picture in this folder: need %s files", picture.Formats)
		}
		if err != nil {
			sources = append(sources, source{name, err})
		}
		for _, path := range pictures {
			sources = append(sources, source{name: within(name, path)})
		}
	}
	return sources
}

// within is the system's path of a file in a folder, which stays as it was named: link/.. is not the folder that has the link.
func within(folder, path string) string {
	if !os.IsPathSeparator(folder[len(folder)-1]) {
		folder += string(filepath.Separator)
	}
	return folder + filepath.FromSlash(path)
}

// open reads the file, and of the picture no more than its header.
func (s source) open(stdin io.Reader) (encoded, error) {
	if s.err != nil {
		return encoded{}, s.err
	}
	in := stdin
	if s.name != standardInput {
		f, err := os.Open(s.name)
		if err != nil {
			return encoded{}, unnamed(err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, picture.MaxBytes+1))
	if err != nil {
		return encoded{}, unnamed(err)
	}
	if len(content) > picture.MaxBytes {
		return encoded{}, fmt.Errorf("%w: need no more than %d MiB", picture.ErrTooLarge, picture.MaxBytes>>20)
	}
	header, err := picture.ReadHeader(content)
	return encoded{s.name, content, header.Pixels()}, err
}

// unnamed is an error without the name of the file, which is printed before it.
func unnamed(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
