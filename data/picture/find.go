package picture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/argument"
)

// found is what a folder of classes holds.
type found struct {
	root     string // that has the classes' folders
	pictures []Labelled
	empty    []string  // classes whose folders have no picture
	closed   []Problem // folders that cannot be read
	ignored  []string
}

// extensions are how the names of picture files end: the last ones, of kinds that cannot be read, so that they are not
// passed over in silence.
var extensions = []string{
	".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2",
}

// isPicture says whether a name is a picture's.
func isPicture(name string) bool {
	return slices.Contains(extensions, strings.ToLower(path.Ext(name)))
}

// typeOf is the type of an entry, and of what it leads to if it is a link. One that leads to nothing is a file that cannot be read.
func typeOf(fsys fs.FS, name string, entry fs.DirEntry) fs.FileMode {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type()
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return 0
	}
	return info.Mode().Type()
}

// checkFile reports what is there, but is no file: to open a pipe waits for somebody who writes to it, perhaps for ever.
func checkFile(info fs.FileInfo, err error) error {
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is not a regular file", ErrFormat)
	}
	return err
}

// isLoose says whether a path that was ignored is that of a picture in no folder of a class. It is at the top then: classFolders
// takes a folder further down that has pictures for a class.
func isLoose(name string) bool {
	return isPicture(name) && !isHidden(name) && !strings.Contains(name, "/")
}

// isHidden says whether a file or folder is not meant to be seen: those of macOS in zip files, too, thumbnails of network drives,
// and what file systems keep for themselves.
func isHidden(name string) bool {
	switch name {
	case "__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found":
		return true
	}
	return strings.HasPrefix(name, ".")
}

// walk tells of all that there is, at any depth, in the order of [fs.WalkDir], and whether it is a picture; of folders only of
// hidden ones, into which it does not go, and of those that cannot be read, with the error. It goes through links to folders, but
// not through one behind another: they might lead round in a circle.
func walk(ctx context.Context, fsys fs.FS, tell func(name string, picture bool, err error)) error {
	var within func(linked bool) fs.WalkDirFunc
	within = func(linked bool) fs.WalkDirFunc {
		return func(name string, entry fs.DirEntry, err error) error {
			if ctx.Err() != nil || err != nil && name == "." {
				return cmp.Or(ctx.Err(), err)
			}
			if err != nil {
				tell(name, false, fmt.Errorf("the folder cannot be read: %w", err))
				return nil
			}
			hidden, mode := name != "." && isHidden(path.Base(name)), typeOf(fsys, name, entry)
			switch {
			case entry.IsDir() && hidden:
				tell(name, false, nil)
				return fs.SkipDir
			case entry.IsDir():
			case mode.IsDir() && !hidden && !linked:
				return fs.WalkDir(fsys, name, within(true))
			default:
				tell(name, !hidden && mode.IsRegular() && isPicture(name), nil)
			}
			return nil
		}
	}
	return fs.WalkDir(fsys, ".", within(false))
}

// Find returns the paths of the pictures in a file system, at any depth, in the order of [fs.WalkDir]; none, if there are none.
// They are those that a [Reader] finds in the folder of a class: files, and links to files, whose names end like a picture's
// ([Report.Ignored] has how), and that are neither hidden nor in a hidden folder; a link to a folder is one, unless it is behind
// another. They are not opened. The error is that of ctx when it ends, or one of package fs; where some folders cannot be read, it
// is about them, and there are the paths in the others.
func Find(ctx context.Context, fsys fs.FS) (paths []string, err error) {
	if err := argument.Context(ctx); err != nil {
		return nil, err
	}
	var closed []error
	err = walk(ctx, fsys, func(name string, picture bool, err error) {
		switch {
		case err != nil:
			closed = append(closed, err)
		case picture:
			paths = append(paths, name)
		}
	})
	if err != nil {
		return nil, err
	}
	return paths, errors.Join(closed...)
}

// findByClass looks for pictures in the folders of classes, of which some may be known.
func findByClass(ctx context.Context, fsys fs.FS, known []string) (f found, err error) {
	root, folders, err := classFolders(fsys, known)
	if err != nil {
		return f, err
	}
	f.root = root
	classes := map[string]bool{}                // that have a picture
	above := strings.TrimPrefix(root+"/", "./") // what the paths in the folders of classes begin with
	err = walk(ctx, fsys, func(name string, picture bool, err error) {
		below, isBelow := strings.CutPrefix(name, above)
		class, _, hasClass := strings.Cut(below, "/")
		switch {
		case err != nil:
			f.closed = append(f.closed, Problem{name, err})
		case !picture || !isBelow || !hasClass:
			f.ignored = append(f.ignored, name)
		default:
			classes[class] = true
			f.pictures = append(f.pictures, Labelled{name, class})
		}
	})
	if err != nil {
		return f, err
	}
	f.empty = slices.DeleteFunc(folders, func(class string) bool {
		isClosed := func(p Problem) bool { return p.Path == path.Join(root, class) }
		return classes[class] || known != nil && slices.ContainsFunc(f.closed, isClosed)
	})
	return f, nil
}

// layout is what a folder must have.
const layout = "need one for each class, as in cats/1.jpg and dogs/2.jpg"

// classFolders finds the folder that holds those of the classes, and their names. It goes down where there is one folder alone,
// unless that is known to be a class or has pictures.
func classFolders(fsys fs.FS, known []string) (root string, classes []string, err error) {
	root = "."
	for linked := false; ; { // whether the root is behind a link
		folders, links, pictures, err := contents(fsys, root, !linked)
		if err != nil {
			return "", nil, err
		}
		switch {
		case root == "." && len(folders) == 0 && pictures:
			return "", nil, fmt.Errorf("%w: its pictures are in no folders: %s, or a list (.csv, .jsonl) of paths and labels",
				data.ErrFormat, layout)
		case root == "." && len(folders) == 0:
			return "", nil, fmt.Errorf("%w: it has no folders: %s", data.ErrNotFound, layout)
		case root != "." && (len(folders) == 0 || pictures):
			return path.Dir(root), []string{path.Base(root)}, nil // it is the only class
		case len(folders) > 1 || slices.Contains(known, folders[0]):
			return root, folders, areClasses(folders)
		}
		root, linked = path.Join(root, folders[0]), linked || links
	}
}

// contents are the folders in a folder, links to some among them if they are followed, and whether there are such links, and
// pictures.
func contents(fsys fs.FS, folder string, follow bool) (folders []string, links, pictures bool, err error) {
	entries, err := fs.ReadDir(fsys, folder)
	for _, e := range entries {
		switch name := e.Name(); {
		case isHidden(name):
		case e.IsDir():
			folders = append(folders, name)
		case follow && typeOf(fsys, path.Join(folder, name), e).IsDir():
			folders, links = append(folders, name), true
		default:
			pictures = pictures || isPicture(name)
		}
	}
	return folders, links, pictures, err
}

// areClasses reports folders that are sets, of which one is to be read.
func areClasses(folders []string) error {
	for _, name := range folders {
		if !slices.Contains([]string{"train", "training", "test", "testing", "val", "valid", "validation"}, strings.ToLower(name)) {
			return nil
		}
	}
	return fmt.Errorf("%w: its folders %q are sets, not classes: read them one by one", data.ErrFormat, folders)
}
