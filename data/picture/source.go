package picture

import (
	"context"
	"fmt"
	"image"
	"io"
	"io/fs"
	"runtime"
	"sync"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/scaling"
)

// source writes the pixels of the i-th picture as an image of a shape.
type source func(pixels []uint8, i int, shape data.Shape) error

// files are the pictures of a list, opened and decoded as they are asked for.
func (r Reader) files(ctx context.Context, open func(name string) (fs.File, error), list []Labelled) source {
	return func(pixels []uint8, i int, shape data.Shape) error {
		return readPicture(ctx, pixels, open, list[i].Path, shape, r.Resizing)
	}
}

// decode decodes n pictures into the pixels of images, on all cores, until ctx ends. What cannot be read leaves its error; err
// is the panic of the caller's Progress.
func (r Reader) decode(ctx context.Context, from source, n int, shape data.Shape) (pixels []uint8, problems []error, err error) {
	size := shape.Size()
	pixels, problems = make([]uint8, n*size), make([]error, n)
	done, next := 0, 0
	var mu sync.Mutex
	take := func() (i int, more bool) {
		mu.Lock()
		defer mu.Unlock()
		i = next
		next++
		return i, i < n && ctx.Err() == nil && err == nil
	}
	tell := func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		if r.Progress == nil || err != nil {
			return
		}
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the Reader's Progress panics: %v", p)
			}
		}()
		r.Progress(done, n)
	}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for i, more := take(); more; i, more = take() {
				problems[i] = from(pixels[i*size:(i+1)*size], i, shape)
				tell()
			}
		})
	}
	workers.Wait()
	return pixels, problems, err
}

// readPicture reads a picture into the pixels of an image.
func readPicture(ctx context.Context, pixels []uint8, open func(name string) (fs.File, error), name string, shape data.Shape,
	resizing data.Resizing) (err error) {
	defer guard(&err)
	file, err := open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	img, err := read(ctx, file)
	if err != nil {
		return err
	}
	return scale(pixels, img, shape, resizing)
}

// scale scales a picture into the pixels of an image.
func scale(pixels []uint8, img image.Image, shape data.Shape, resizing data.Resizing) (err error) {
	defer guard(&err)
	_, err = scaling.Append(pixels[:0], img, shape, resizing)
	return err
}

// read decodes what a file of at most [MaxBytes] holds.
func read(ctx context.Context, file io.Reader) (image.Image, error) {
	encoded, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(encoded) > MaxBytes {
		return nil, fmt.Errorf("%w: need no more than %d MiB", ErrTooLarge, MaxBytes>>20)
	}
	return Decode(ctx, encoded)
}
