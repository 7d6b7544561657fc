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

// add adds a model to a repository, and returns the model's folder there. What a server finds meanwhile of a new model is
// whole: the configuration, which makes the folder a model's, is written last. Of a model that is replaced each file is
// whole, and a server may find some of the old ones beside new ones.
func add(repository, name string, model *fastresnet.Model) (folder string, err error) {
	folder = filepath.Join(repository, name)
	versioned := filepath.Join(folder, strconv.Itoa(version))
	if err := os.MkdirAll(versioned, 0o777); err != nil {
		return "", err
	}
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
		{filepath.Join(versioned, "model.onnx"), model.ExportONNX},
		{filepath.Join(folder, labelsFile), text(labels(model.Classes()))},
		{filepath.Join(folder, "config.pbtxt"), text(config(name, model))},
	} {
		if err := atomicfile.Write(file.path, file.write); err != nil {
			return "", fmt.Errorf("exporting: %w", err)
		}
	}
	return folder, nil
}

// labels is a class a line, in the order of the model's classes, whatever is in their names.
func labels(classes []string) string {
	var b strings.Builder
	for _, class := range classes {
		fmt.Fprintln(&b, strings.Join(strings.Fields(class), " "))
	}
	return b.String()
}
