package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/atomicfile"
	"github.com/fastresnet/fastresnet/internal/folderlock"
	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// nullable are the keys of an outcome whose value may be null: figures that are not known or not finite.
var nullable = []string{
	"rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_seconds", "total_seconds", "images_per_second", "compile_seconds",
}

// folder is where the results of runs are: a file for each that is done, named by its identity, and a folder with the
// checkpoints of each that is not. The results of several such folders are merged by copying the files together.
type folder string

// outcome is what came of a run: it came to its end, or diverged, and its error says so then.
type outcome struct {
	ID       string        `json:"id"`
	Settings configuration `json:"settings"`
	Fold     int           `json:"fold,omitempty"`
	// Data is CIFAR-10 or synthetic, and Images tells the images apart: those of all runs of a study must be the same.
	Data   string `json:"data"`
	Images string `json:"images"`
	results.Run
}

// accuracy is 0 for a run that diverged.
func (o outcome) accuracy() float64 {
	if o.Error != "" {
		return 0
	}
	return float64(o.TestAccuracy)
}

func (f folder) file(id string) string       { return filepath.Join(string(f), id+".json") }
func (f folder) unfinished(id string) string { return filepath.Join(string(f), "unfinished", id) }

// outcomes are those that are there, by their identities: none if there is no folder.
func (f folder) outcomes() (map[string]outcome, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := map[string]outcome{}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		file := filepath.Join(string(f), entry.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var o outcome
		if err := strictjson.Unmarshal(text, &o, nullable...); err != nil || o.ID == "" {
			return nil, fmt.Errorf("%s: no result of this program, or a damaged one: move it away to have the run done again: %w", file, cmp.Or(err, errors.New("it has no id")))
		}
		if f.file(o.ID) != file {
			return nil, fmt.Errorf("%s: it is the result of another run, %s", file, o.ID)
		}
		all[o.ID] = o
	}
	return all, nil
}

// has says whether a run is done.
func (f folder) has(id string) (bool, error) {
	_, err := os.Stat(f.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// claim makes a run this process's own, until the lock is released. It fails with [folderlock.ErrInUse] while it is
// another's.
func (f folder) claim(id string) (*folderlock.Lock, error) {
	path := f.unfinished(id)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	return folderlock.Acquire(path, ".run")
}

// keep writes a run's outcome, on one line.
func (f folder) keep(o outcome) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return atomicfile.Write(f.file(o.ID), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}
