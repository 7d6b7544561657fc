package main

import (
	"cmp"
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// possible finds out, without any images, that there are as many as the study takes, and that all configurations fit them.
func (s *study) possible() error {
	train, test := cmp.Or(s.TrainImages, program.TrainImages), cmp.Or(s.TestImages, program.TestImages)
	if train > program.TrainImages || test > program.TestImages {
		return fmt.Errorf("train_images is %d and test_images %d, there are %d and %d", s.TrainImages, s.TestImages, program.TrainImages, program.TestImages)
	}
	labels, classes := make([]int, train), data.CIFAR10Classes()
	for i := range labels {
		labels[i] = i % len(classes)
	}
	blank, err := data.Adopt(make([]uint8, train), data.Shape{Height: 1, Width: 1, Channels: 1}, labels, classes)
	if err != nil {
		return err
	}
	divided := &images{train: blank, test: blank}
	if err := divided.divide(s); err != nil {
		return err
	}
	fewest := divided.train.Len()
	for _, fold := range divided.folds {
		fewest = min(fewest, train-len(fold.Indices))
	}
	return s.reports(s.configurations, func(c configuration) error { return c.fit(fewest) })
}

// division is the seed of all divisions of the images: all runs are tested with the same ones.
const division = 1

// images are what a study's runs train on and are tested with.
type images struct {
	name        string // of the data set
	train, test *data.Dataset
	folds       []data.Fold // of train, if the runs are tested with parts of it
	fingerprint string
}

// readImages reads the images that the flags and the study name, and divides them.
func readImages(from string, s *study) (*images, error) {
	train, test, err := program.Images(from, s.TrainImages, s.TestImages)
	if err != nil {
		return nil, err
	}
	i := &images{name: "CIFAR-10", train: train, test: test, fingerprint: train.Fingerprint()}
	if from == program.SyntheticImages {
		i.name = from
	}
	if s.Folds == 0 && s.HeldOut == 0 {
		i.fingerprint += "; tested with " + test.Fingerprint()
	}
	return i, i.divide(s)
}

// divide makes of the images what the study's runs train on and are tested with.
func (i *images) divide(s *study) (err error) {
	switch {
	case s.Folds > 0:
		if i.folds, err = i.train.Folds(s.Folds, division); err != nil {
			return fmt.Errorf("folds: %w", err)
		}
	case s.HeldOut > 0:
		if i.train, i.test, err = program.HoldOut(i.train, s.HeldOut, division); err != nil {
			return fmt.Errorf("held_out: %w", err)
		}
	}
	return nil
}

// of are a run's.
func (i *images) of(r trial) (train, test *data.Dataset, err error) {
	if r.fold == 0 {
		return i.train, i.test, nil
	}
	return i.folds[r.fold-1].Sets()
}

// sameAs finds out whether results are of these images.
func (i *images) sameAs(runs []trial, done map[string]outcome) error {
	for _, r := range runs {
		if o, ok := done[r.id]; ok && o.Images != i.fingerprint {
			return fmt.Errorf("the result %s is of other images, %s; now they are %s: name another -results folder", o.ID, o.Images, i.fingerprint)
		}
	}
	return nil
}

// sameImages finds out whether the results that there are of runs are all of the same images: merged ones may not be.
func sameImages(runs []trial, done map[string]outcome) error {
	var first *outcome
	for _, r := range runs {
		o, ok := done[r.id]
		switch {
		case !ok:
		case first == nil:
			first = &o
		case o.Images != first.Images:
			return fmt.Errorf("the results %s and %s are of different images, %s and %s: keep them in different -results folders", first.ID, o.ID, first.Images, o.Images)
		}
	}
	return nil
}

// tested says which images a study's runs are tested with.
func (s *study) tested() string {
	from := "the training images"
	if s.TrainImages > 0 {
		from = fmt.Sprintf("the first %s training images", digits.Count(s.TrainImages))
	}
	switch {
	case s.Folds > 0:
		return fmt.Sprintf("%d parts of %s, each held out once", s.Folds, from)
	case s.HeldOut >= 1:
		return fmt.Sprintf("%s of %s, held out", digits.Count(int(s.HeldOut)), from)
	case s.HeldOut > 0:
		return fmt.Sprintf("%.4g %% of %s, held out", 100*s.HeldOut, from)
	case s.TestImages > 0:
		return fmt.Sprintf("the first %s test images", digits.Count(s.TestImages))
	}
	return "the test set"
}
