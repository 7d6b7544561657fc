package picture

import (
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
	empty    []string // classes whose folders have no picture
	ignored  []string
}

// extensions are how the names of picture files end.
var extensions = []string{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// isPicture says whether a name is a picture's.
func isPicture(name string) bool {
	return slices.Contains(extensions, strings.ToLower(path.Ext(name)))
}

// isFile says whether an entry is a file, or a link to one, or to nothing, which cannot be read then.
func isFile(fsys fs.FS, name string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := fs.Stat(fsys, name)
	return err != nil || info.Mode().IsRegular()
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

// isHidden says whether a file or folder is not meant to be seen: those of macOS in zip files, too.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") || name == "__MACOSX" }

// walk tells of all that there is, at any depth, in the order of [fs.WalkDir], and whether it is a picture; of folders only of
// hidden ones, into which it does not go.
func walk(ctx context.Context, fsys fs.FS, tell func(name string, picture bool)) error {
	return fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		switch hidden := isHidden(entry.Name()); {
		case name == ".":
		case entry.IsDir() && hidden:
			tell(name, false)
			return fs.SkipDir
		case entry.IsDir():
		default:
			tell(name, !hidden && isPicture(name) && isFile(fsys, name, entry))
		}
		return nil
	})
}

// Find returns the paths of the pictures in a file system, at any depth, in the order of [fs.WalkDir]; none, if there are none.
// They are those that a [Reader] finds in the folder of a class: files, and links to files, whose names end like a picture's
// ([Report.Ignored] has how), and that are neither hidden nor in a hidden folder. They are not opened. The error is that of
// ctx when it ends, or one of package fs.
func Find(ctx context.Context, fsys fs.FS) (paths []string, err error) {
	if err := argument.Context(ctx); err != nil {
		return nil, err
	}
	err = walk(ctx, fsys, func(name string, picture bool) {
		if picture {
			paths = append(paths, name)
		}
	})
	if err != nil {
		return nil, err
	}
	return paths, nil
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
	err = walk(ctx, fsys, func(name string, picture bool) {
		below, isBelow := strings.CutPrefix(name, above)
		class, _, hasClass := strings.Cut(below, "/")
		if !picture || !isBelow || !hasClass {
			f.ignored = append(f.ignored, name)
			return
		}
		classes[class] = true
		f.pictures = append(f.pictures, Labelled{name, class})
	})
	if err != nil {
		return f, err
	}
	f.empty = slices.DeleteFunc(folders, func(class string) bool { return classes[class] })
	return f, nil
}

// layout is what a folder must have.
const layout = "need one for each class, as in cats/1.jpg and dogs/2.jpg"

// classFolders finds the folder that holds those of the classes, and their names. It goes down where there is one folder alone,
// unless that is known to be a class or has pictures.
func classFolders(fsys fs.FS, known []string) (root string, classes []string, err error) {
	root = "."
	for {
		folders, pictures, err := contents(fsys, root)
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
		root = path.Join(root, folders[0])
	}
}

// contents are the folders in a folder, and whether there are pictures, too.
func contents(fsys fs.FS, folder string) (folders []string, pictures bool, err error) {
	entries, err := fs.ReadDir(fsys, folder)
	for _, e := range entries {
		switch name := e.Name(); {
		case isHidden(name):
		case e.IsDir():
			folders = append(folders, name)
		default:
			pictures = pictures || isPicture(name)
		}
	}
	return folders, pictures, err
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
