// Package testmodel has trained models for the tests of programs that use one.
package testmodel

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// Save trains a network of a width for a moment, on drawn images of ten classes, and returns the file that it is
// saved in. It knows little.
func Save(t testing.TB, width int) string {
	t.Helper()
	train, err := data.Synthetic(256, 1)
	if err != nil {
		t.Fatal(err)
	}
	test, err := data.Synthetic(64, 2)
	if err != nil {
		t.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(train, test), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(width), fastresnet.WithBatchSize(64), fastresnet.WithEpochs(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { result.Model.Close() }) // STAND-IN
	file := filepath.Join(t.TempDir(), "model.safetensors")
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
