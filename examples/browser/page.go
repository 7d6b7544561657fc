package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/pretrained"
)

//go:embed page
var page embed.FS

// pageFile is the one of its files that is a template.
const pageFile = "index.html"

// policy is what the page may do: run its own files, load no others, show the pictures that it is given.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src blob: data:; " +
	"connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"

// facts are what the template says of the model and of the program.
type facts struct {
	Policy         string
	Side, MaxBytes int
	Resizing       data.Resizing
	Classes        string // in words
	Accuracy       string
	TestImages     string
	Formats        string
	Megapixels     int
	Size           string
	Bytes          int
}

// fileNames are the names of all files of the page, its program's among them.
func fileNames() []string {
	names := []string{programFile, supportFile}
	entries, err := page.ReadDir("page")
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// writePage writes the files of the page into a folder. size is that of the program.
func writePage(folder string, size int) error {
	model, err := pretrained.CIFAR10(fastresnet.WithBackend("go"))
	if err != nil {
		return err
	}
	defer model.Close()
	text, err := template.ParseFS(page, "page/"+pageFile)
	if err != nil {
		return err
	}
	var index bytes.Buffer
	if err := text.Execute(&index, factsOf(model, size)); err != nil {
		return err
	}
	files, err := fs.Sub(page, "page")
	if err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content := index.Bytes()
		if name != pageFile {
			if content, err = fs.ReadFile(files, name); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(folder, name), content, 0o644)
	})
}

func factsOf(model *fastresnet.Model, size int) facts {
	record, classes := model.Record(), model.Classes()
	last := len(classes) - 1
	return facts{
		Policy: policy, Side: model.Network().Input.Width, MaxBytes: picture.MaxBytes, Resizing: model.Resizing(),
		Classes:  fmt.Sprintf("%d classes: %s and %s", len(classes), strings.Join(classes[:last], ", "), classes[last]),
		Accuracy: fmt.Sprintf("%.1f\u00a0%%", 100*record.TestAccuracy()), TestImages: digits.Count(record.TestImages),
		Formats: picture.Formats, Megapixels: picture.MaxPixels / 1_000_000,
		Size: fmt.Sprintf("%.1f\u00a0MB", float64(size)/1e6), Bytes: size,
	}
}
