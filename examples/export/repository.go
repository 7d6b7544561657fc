package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/atomicfile"
)

// version is the model's: a repository may hold several, of which a server by default uses the highest.
const version = 1

// labelsFile has the names of the classes.
const labelsFile = "labels.txt"

// add adds a model to a repository, and returns the ONNX file there, and whether it replaced another. What a server finds
// meanwhile of a new model is whole: the configuration, which makes the folder a model's, is written last. Of a model that is
// replaced each file is whole, and a server may find some of the old ones beside new ones.
func add(repository, name string, model *fastresnet.Model) (onnx string, replaced bool, err error) {
	folder := filepath.Join(repository, name)
	onnx = filepath.Join(folder, strconv.Itoa(version), "model.onnx")
	if err := os.MkdirAll(filepath.Dir(onnx), 0o777); err != nil {
		return "", false, err
	}
	_, err = os.Stat(onnx)
	replaced = err == nil
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	for _, file := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{onnx, model.ExportONNX},
		{filepath.Join(folder, labelsFile), text(labels(model.Classes()))},
		{filepath.Join(folder, "config.pbtxt"), text(config(name, model))},
	} {
		if err := atomicfile.Write(file.path, file.write); err != nil {
			return "", false, fmt.Errorf("exporting: %w", err)
		}
	}
	return onnx, replaced, nil
}

// labels is a class a line, in the order of the model's classes, whatever is in their names.
func labels(classes []string) string {
	var b strings.Builder
	for _, class := range classes {
		fmt.Fprintln(&b, strings.Join(strings.Fields(class), " "))
	}
	return b.String()
}
