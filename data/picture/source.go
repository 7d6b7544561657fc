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

// source is the i-th picture.
type source func(i int) (image.Image, error)

// files are the pictures of a list, opened and decoded as they are asked for.
func files(ctx context.Context, open func(name string) (fs.File, error), list []Labelled) source {
	return func(i int) (image.Image, error) {
		file, err := open(list[i].Path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return read(ctx, file)
	}
}

// decoded are pictures as images of a shape.
type decoded struct {
	pixels []uint8   // [n, height, width, channels]
	cut    []float64 // the share of each picture that is not in its image
	errors []error   // of each picture that cannot be read
}

// decode decodes n pictures and scales them, on all cores, until ctx ends. The error is the panic of the caller's Progress.
func (r Reader) decode(ctx context.Context, from source, n int, shape data.Shape) (d decoded, err error) {
	size := shape.Size()
	d = decoded{make([]uint8, n*size), make([]float64, n), make([]error, n)}
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
				d.cut[i], d.errors[i] = r.scale(d.pixels[i*size:(i+1)*size], from, i, shape)
				tell()
			}
		})
	}
	workers.Wait()
	return d, err
}

// scale scales the i-th picture into the pixels of an image. It returns the share of it that is cut off.
func (r Reader) scale(pixels []uint8, from source, i int, shape data.Shape) (cut float64, err error) {
	defer guard(&err)
	img, err := from(i)
	if err == nil {
		_, err = scaling.Append(pixels[:0], img, shape, r.Resizing)
	}
	if err != nil {
		return 0, err
	}
	return scaling.Cut(img, shape, r.Resizing), nil
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
