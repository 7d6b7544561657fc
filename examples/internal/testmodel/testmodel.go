// Package testmodel has trained models for the tests of programs that use one.
package testmodel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

var folder string // of the saved models

// Main runs the tests of a package, which share the models that Save makes.
func Main(m *testing.M) (status int) {
	var err error
	if folder, err = os.MkdirTemp("", "fastresnet"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	return m.Run()
}

// Save trains a network of a width for a moment, on drawn images of ten classes, and returns the file that it is
// saved in. It knows little.
func Save(t testing.TB, width int) string {
	t.Helper()
	file := filepath.Join(folder, fmt.Sprintf("width-%d.safetensors", width))
	if _, err := os.Stat(file); err == nil {
		return file
	}
	train, err := data.Synthetic(256, 1)
	if err != nil {
		t.Fatal(err)
	}
	test, err := data.Synthetic(64, 2)
	if err != nil {
		t.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(train, test), fastresnet.WithBackend("go"),
		fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()),
		fastresnet.WithWidth(width), fastresnet.WithBatchSize(64), fastresnet.WithEpochs(1))
	if err != nil {
		t.Fatal(err)
	}
	defer result.Model.Close()
	if err := result.Model.Save(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// Load is a saved model, until the test ends.
func Load(t testing.TB, file string) *fastresnet.Model {
	t.Helper()
	model, err := fastresnet.Load(file, fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}
