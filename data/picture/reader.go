package picture

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/fastresnet/fastresnet/internal/hostmemory"
	"github.com/fastresnet/fastresnet/internal/pathname"
)

// ErrMemory is wrapped when a set does not fit the memory.
var ErrMemory = errors.New("the images do not fit the memory")

// Reader makes data sets of picture files. The zero Reader makes images of 32x32 pixels in colour, of the middle of each
// picture, and fails if a picture cannot be read.
//
// The images know their files' paths within the folder, with slashes ([data.Dataset.Name]), and the set how they were
// resized ([data.Dataset.Resizing]), so that a model that is trained on it sees pictures in the same way when it predicts.
type Reader struct {
	// Shape is what every picture is scaled to: in colour with 3 channels, in grey with 1. Default: 32x32x3.
	Shape data.Shape
	// Resizing is what happens to pictures of other proportions. Default: they are cropped.
	Resizing data.Resizing
	// Classes are the names of the classes, in the order of their labels. A folder, or a label, that is none of them is an
	// error; one of them may be without pictures. A test set takes the training set's:
	// Reader{Classes: train.Classes()}. Default: the names that there are, sorted.
	Classes []string
	// SkipUnreadable leaves out pictures, and folders, that cannot be read, and reports them. Default: they are an error.
	SkipUnreadable bool
	// MemoryLimit is how many bytes the images may take. Default, and 0: what is free, as far as Linux tells, and no limit
	// elsewhere.
	MemoryLimit int64
	// Progress, if it is set, is called after every picture, by one goroutine at a time, which the others wait for.
	Progress func(done, total int)
}

// Report is what a [Reader] came across, beside what is in the set. Paths are within the folder that was read.
type Report struct {
	// Root is the folder that holds those of the classes, as in "set" and "my/set", where [Reader.Folder] looked for them inside
	// another one; "" where it is the folder that was read, or there was a list.
	Root string
	// Grey says that all pictures are grey, though images in colour were made of them: Channels of 1 in [Reader.Shape] keep them
	// grey, and have RecipeFor of package fastresnet take them for drawings, which it does not mirror.
	Grey bool
	// Cut is the share of a picture that was cut off, as its proportions are not those of [Reader.Shape]: the mean over all
	// pictures in the set, 0 to below 1, and 0 unless [Reader.Resizing] is to crop.
	Cut float64
	// Skipped are the pictures, and the folders, that could not be read, where [Reader.SkipUnreadable] allows that.
	Skipped []Problem
	// Ignored are the paths of files that were not opened: hidden ones, what is no file, those whose names do not end like a
	// picture's (.png, .jpg, .jpeg, .jpe, .jfif, .gif, .webp, .bmp, .tif, .tiff), and those beside the folders of the
	// classes or a folder around them, pictures too. Of a hidden folder it is that alone, and of a link to a folder that is behind
	// another one. Names that begin with a dot are hidden, and __MACOSX, @eaDir, $RECYCLE.BIN, System Volume Information and
	// lost+found.
	Ignored []string
}

// muchCut is a share that is worth a word: a picture of 4:3 loses a quarter if it becomes a square.
const muchCut = 0.2

// String has a line for each of them, odd paths between quotation marks, for Cut if it is a fifth or more; it is empty where
// there is nothing to report.
func (r Report) String() string {
	var text strings.Builder
	if r.Root != "" {
		fmt.Fprintf(&text, "the folders of the classes are those in %s\n", pathname.Quoted(r.Root))
	}
	if r.Grey {
		text.WriteString("all pictures are grey: images of one channel would do\n")
	}
	if r.Cut >= muchCut {
		fmt.Fprintf(&text, "%.0f %% of the average picture is cut off: other proportions, padding or stretching would keep it\n", 100*r.Cut)
	}
	for _, p := range r.Skipped {
		fmt.Fprintf(&text, "left out: %s: %v\n", pathname.Quoted(p.Path), p.Err)
	}
	for _, name := range r.Ignored {
		if isLoose(name) {
			fmt.Fprintf(&text, "left out: %s: it is in no folder of a class\n", pathname.Quoted(name))
		} else {
			fmt.Fprintf(&text, "not a picture of a class: %s\n", pathname.Quoted(name))
		}
	}
	return text.String()
}

// Problem is a picture, or a folder of some, that cannot be read, and why. Err wraps an error of this package, or of package fs.
type Problem struct {
	Path string
	Err  error
}

// Folder reads a folder, or a .zip file, that has a folder for each class:
//
//	train/cat/1.jpg
//	train/cat/indoors/2.png
//	train/dog/3.jpg
//
// Folders within a class's belong to it. A link to a folder is one, unless it is behind another link. If there is only one
// folder, and that holds folders and no pictures and is none of Classes, it is no class: the classes are looked for inside it.
// Pictures beside the folders of the classes, or beside such a folder around them, are left out, and reported: [Reader.List]
// and [Reader.Pictures] read pictures wherever they are, and [Find] finds them.
//
// Pictures are decoded on all cores, and may be of any size up to [MaxPixels]; animated ones count with their first frame, and
// what is transparent is blended with black. The images are in the order of their paths.
//
// The error wraps [data.ErrNotFound] if there is no such folder, or neither a folder nor a picture in it; [data.ErrFormat]
// if its pictures are in no folders or the zip file is damaged; it is a *[UnreadableError], for errors.As, if pictures cannot be
// read or a class has none that can be, and wraps [ErrMemory] if the images do not fit the memory. When ctx ends, it is its error.
func (r Reader) Folder(ctx context.Context, name string) (*data.Dataset, Report, error) {
	set, report, err := r.folder(ctx, name)
	if err != nil {
		err = fmt.Errorf("reading %s: %w", name, err)
	}
	return set, report, err
}

var errNoFolder = fmt.Errorf("%w: it is neither a folder nor a zip file; Reader.List reads lists, .csv and .jsonl", data.ErrFormat)

func (r Reader) folder(ctx context.Context, name string) (*data.Dataset, Report, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, Report{}, fmt.Errorf("%w: there is no such folder or zip file", data.ErrNotFound)
	case err != nil:
		return nil, Report{}, err
	case info.IsDir():
		return r.FS(ctx, os.DirFS(name))
	case !info.Mode().IsRegular():
		return nil, Report{}, errNoFolder
	}
	archive, err := zip.OpenReader(name)
	if errors.Is(err, zip.ErrFormat) {
		return nil, Report{}, errNoFolder
	}
	if err != nil {
		return nil, Report{}, err
	}
	defer archive.Close()
	return r.FS(ctx, archive)
}

// FS is [Reader.Folder] for the root of a file system, such as one of package embed. Several goroutines open its files.
func (r Reader) FS(ctx context.Context, fsys fs.FS) (*data.Dataset, Report, error) {
	if err := argument.Context(ctx); err != nil {
		return nil, Report{}, err
	}
	found, err := findByClass(ctx, fsys, r.Classes)
	if err != nil {
		return nil, Report{}, err
	}
	set, report, err := r.read(ctx, files(ctx, fsys.Open, found.pictures), found)
	report.Ignored = found.ignored
	if found.root != "." {
		report.Root = found.root
	}
	return set, report, err
}

// Labelled is a picture's file and its class.
type Labelled struct{ Path, Class string }

// Pictures reads the files of a list, in its order. Errors are those of [Reader.Folder].
func (r Reader) Pictures(ctx context.Context, fsys fs.FS, list []Labelled) (*data.Dataset, Report, error) {
	open := func(name string) (fs.File, error) {
		if fsys, is := fsys.(fs.StatFS); is { // otherwise it would be opened to see what it is
			if err := checkFile(fsys.Stat(name)); err != nil {
				return nil, err
			}
		}
		return fsys.Open(name)
	}
	return r.read(ctx, files(ctx, open, list), found{pictures: list})
}

// Images makes a set of pictures that are decoded already, as by [Decode] or drawn; classes has the class of each. They are
// scaled and blended as files are, and as those that a model predicts. Their names are "image 0" and on.
//
// The error wraps [data.ErrFormat] if there are no pictures, or not as many classes; others are those of [Reader.Folder]. One
// that is nil or has no pixels cannot be read.
func (r Reader) Images(ctx context.Context, images []image.Image, classes []string) (*data.Dataset, Report, error) {
	if len(images) != len(classes) {
		return nil, Report{}, fmt.Errorf("%w: %d pictures, but the classes of %d", data.ErrFormat, len(images), len(classes))
	}
	list := make([]Labelled, len(images))
	for i, class := range classes {
		list[i] = Labelled{fmt.Sprintf("image %d", i), class}
	}
	return r.read(ctx, func(i int) (image.Image, error) { return images[i], nil }, found{pictures: list})
}

// read makes a set of the pictures that were found, unless some classes are empty.
func (r Reader) read(ctx context.Context, from source, f found) (*data.Dataset, Report, error) {
	pictures, empty, bad := f.pictures, f.empty, f.closed
	if err := argument.Context(ctx); err != nil {
		return nil, Report{}, err
	}
	shape := r.Shape
	if shape == (data.Shape{}) {
		shape = data.Shape{Height: 32, Width: 32, Channels: 3}
	}
	if err := errors.Join(checkShape(shape), r.Resizing.Validate()); err != nil {
		return nil, Report{}, err
	}
	if len(pictures) == 0 && len(bad)+len(empty) > 0 {
		return nil, Report{}, &UnreadableError{Problems: bad, Total: len(bad), Classes: empty}
	}
	classes, labels, err := r.label(pictures)
	if err != nil {
		return nil, Report{}, err
	}
	if err := r.fits(len(pictures), shape); err != nil {
		return nil, Report{}, err
	}

	d, err := r.decode(ctx, from, len(pictures), shape)
	if err := cmp.Or(ctx.Err(), err); err != nil {
		return nil, Report{}, err
	}

	kept, cut := 0, 0.
	has := make([]bool, len(classes)) // a picture
	names := make([]string, 0, len(pictures))
	for i, p := range pictures {
		if d.errors[i] != nil {
			bad = append(bad, Problem{p.Path, d.errors[i]})
			continue
		}
		copy(d.pixels[kept*shape.Size():], d.pixels[i*shape.Size():(i+1)*shape.Size()])
		cut += d.cut[i]
		labels[kept] = labels[i]
		has[labels[i]] = true
		names = append(names, p.Path)
		kept++
	}
	if r.Classes == nil {
		for label, class := range classes {
			if !has[label] {
				empty = append(empty, class)
			}
		}
		slices.Sort(empty)
	}
	if len(bad) > 0 && (!r.SkipUnreadable || kept == 0) || len(empty) > 0 {
		return nil, Report{}, &UnreadableError{Problems: bad, Total: len(f.closed) + len(pictures), Classes: empty}
	}
	pixels := d.pixels[:kept*shape.Size()]
	set, err := data.Adopt(pixels, shape, labels[:kept], classes)
	if err == nil {
		set, err = set.WithResizing(r.Resizing)
	}
	if err == nil {
		set, err = set.WithNames(names)
	}
	return set, Report{Skipped: bad, Grey: shape.Channels == 3 && areGrey(pixels), Cut: cut / float64(kept)}, err
}

// areGrey says whether all pixels, of three channels, are grey.
func areGrey(pixels []uint8) bool {
	for p := 0; p < len(pixels); p += 3 {
		if pixels[p] != pixels[p+1] || pixels[p] != pixels[p+2] {
			return false
		}
	}
	return true
}

// checkShape reports a shape that pictures cannot have.
func checkShape(s data.Shape) error {
	if s.Height < 1 || s.Width < 1 || s.Channels != 1 && s.Channels != 3 || int64(s.Height)*int64(s.Width) > MaxPixels {
		return fmt.Errorf("%w: images of %v: need 1 channel or 3, and 1 to %d pixels", data.ErrFormat, s, MaxPixels)
	}
	return nil
}

// label finds the classes, and which of them each picture has.
func (r Reader) label(pictures []Labelled) (classes []string, labels []int, err error) {
	if len(pictures) == 0 {
		return nil, nil, fmt.Errorf("%w: there are no pictures", data.ErrFormat)
	}
	classes = slices.Clone(r.Classes)
	if classes == nil {
		for _, p := range pictures {
			classes = append(classes, p.Class)
		}
		slices.Sort(classes)
		classes = slices.Compact(classes)
	}
	known := make(map[string]int, len(classes))
	for label, class := range classes {
		known[class] = label
	}
	for _, p := range pictures {
		label, is := known[p.Class]
		if !is {
			return nil, nil, fmt.Errorf("%w: %s is of the class %q, which is none of %q", data.ErrFormat, pathname.Quoted(p.Path), p.Class, classes)
		}
		labels = append(labels, label)
	}
	return classes, labels, nil
}

// fits reports images that take more memory than there is, or than they may.
func (r Reader) fits(images int, shape data.Shape) error {
	need, limit := int64(images)*int64(shape.Size()), r.MemoryLimit
	if limit == 0 {
		limit = hostmemory.FreeFor(need)
	}
	if limit > 0 && need > limit || need > math.MaxInt {
		return fmt.Errorf("%w: %d images of %v take %d MiB, and %d MiB are free or allowed: take a smaller Shape, or fewer pictures",
			ErrMemory, images, shape, need>>20, limit>>20)
	}
	return nil
}
