package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// content is what the results file holds.
type content struct {
	Conditions conditions `json:"conditions"`
	Runs       []rungRun  `json:"runs"` // in the order that they were made in
}

// conditions are what the runs of a file have in common. Rungs and seeds may be added later.
type conditions struct {
	Data        string `json:"data"` // CIFAR-10 or synthetic
	TrainImages int    `json:"train_images"`
	TestImages  int    `json:"test_images"`
	Width       int    `json:"width"`  // where the series has 64
	Epochs      int    `json:"epochs"` // 0: the recipe's own
	Batch       int    `json:"batch"`  // 0: the recipe's own
}

// rungRun is a run that came to its end, or diverged: its error says so then.
type rungRun struct {
	Rung int `json:"rung"`
	results.Run
}

// journal is the results, kept in a file if there is one.
type journal struct {
	content
	file *results.File
	old  bool // the file was there
}

// openJournal reads the results that there are. A file that is not one of results stays as it is.
func openJournal(name string) (*journal, error) {
	file, err := results.Open("json", name)
	if err != nil {
		return nil, err
	}
	text, err := file.Read()
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, old: text != nil}
	if j.old {
		if err := j.parse(text); err != nil {
			return nil, file.Failed(fmt.Errorf("not results of this program: %w", err))
		}
	}
	return j, nil
}

// parse reads the text of a file, strictly: what is misunderstood would be overwritten.
func (c *content) parse(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	recipes := fastresnet.Ladder()
	for i, r := range c.Runs {
		if r.Rung < 1 || r.Rung > len(recipes) || recipes[r.Rung-1].Name != r.Recipe {
			return fmt.Errorf("rung %d is not %q", r.Rung, r.Recipe)
		}
		if (&content{Runs: c.Runs[:i]}).has(r.Rung, r.Seed) {
			return fmt.Errorf("rung %d, seed %d: there twice", r.Rung, r.Seed)
		}
	}
	return nil
}

// begin settles the conditions: a file that was there must have the same.
func (j *journal) begin(c conditions) error {
	if !j.old {
		j.Conditions = c
		return nil
	}
	if differences := j.Conditions.differences(c); len(differences) > 0 {
		return j.file.Failed(fmt.Errorf("made with other settings: %s; name another file", strings.Join(differences, ", ")))
	}
	return nil
}

// differences are what is different now.
func (c conditions) differences(now conditions) (texts []string) {
	for _, v := range []struct {
		name     string
		was, now any
	}{
		{"images", c.Data, now.Data},
		{"training images", digits.Count(c.TrainImages), digits.Count(now.TrainImages)},
		{"test images", digits.Count(c.TestImages), digits.Count(now.TestImages)},
		{"width", c.Width, now.Width},
		{"epochs", program.Own(c.Epochs), program.Own(now.Epochs)},
		{"batch", program.Own(c.Batch), program.Own(now.Batch)},
	} {
		if v.was != v.now {
			texts = append(texts, fmt.Sprintf("%s %v, now %v", v.name, v.was, v.now))
		}
	}
	return texts
}

// sameDevice finds out whether a run has the device of those there are. Times of different ones say nothing.
func (j *journal) sameDevice(r *fastresnet.Result) error {
	for _, earlier := range j.Runs {
		if earlier.Backend != r.Backend || earlier.Device != r.Device {
			return fmt.Errorf("a run on %s does not compare with those on %s: choose the same -backend on the same kind of machine, or another -json file",
				results.Place(r.Backend, r.Device), results.Place(earlier.Backend, earlier.Device))
		}
	}
	return nil
}

// has says whether a run is there.
func (c *content) has(rung int, seed uint64) bool {
	return slices.ContainsFunc(c.Runs, func(r rungRun) bool { return r.Rung == rung && r.Seed == seed })
}

// add keeps a run, at once.
func (j *journal) add(r rungRun) error {
	j.Runs = append(j.Runs, r)
	return j.file.WriteJSON(j.content)
}
