package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/picture"
)

const maxImages = 64 // in a batch: a few of what the network computes at once

// encoded is a picture as it is in its file.
type encoded struct {
	file    string
	content []byte
	pixels  int64
}

// open reads a file, and of the picture no more than its header.
func open(file string, stdin io.Reader) (encoded, error) {
	in := stdin
	if file != standardInput {
		f, err := os.Open(file)
		if err != nil {
			return encoded{}, unnamed(err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return encoded{}, fmt.Errorf("it is a folder: name its files, as in %s", printable(filepath.Join(file, "*")))
		}
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
	return encoded{file, content, header.Pixels()}, err
}

// unnamed is an error without the name of the file, which is printed before it.
func unnamed(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// batch is pictures that are decoded, to be classified together.
type batch struct {
	files  []string
	images []image.Image
	pixels int64
}

// hasRoom says whether one more picture fits: all of a batch have no more pixels than one alone may have.
func (b *batch) hasRoom(p encoded) bool {
	return len(b.images) < maxImages && b.pixels+p.pixels <= picture.MaxPixels
}

// add decodes a picture.
func (b *batch) add(ctx context.Context, p encoded) error {
	img, err := picture.Decode(ctx, p.content)
	if err != nil {
		return err
	}
	b.files, b.images, b.pixels = append(b.files, p.file), append(b.images, img), b.pixels+p.pixels
	return nil
}

// classify reports what the model takes the pictures for, and empties the batch.
func (b *batch) classify(ctx context.Context, model *fastresnet.Model, r reporter) error {
	if len(b.images) == 0 {
		return nil
	}
	predictions, err := model.Predict(ctx, b.images...)
	if err != nil {
		return err
	}
	for i, p := range predictions {
		if err := r.classified(b.files[i], p); err != nil {
			return err
		}
	}
	*b = batch{}
	return nil
}
