package main

import (
	"cmp"
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/terminal"
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
	folds, err := s.divide(blank, blank)
	if err != nil {
		return err
	}
	fewest := train
	for _, fold := range folds {
		fewest = min(fewest, fold.Train.Len())
	}
	return s.reports(s.configurations, func(c configuration) error { return c.fit(fewest) })
}

// division is the seed of all divisions of the images: all runs are tested with the same ones.
const division = 1

// images are what a study's runs train on and are tested with.
type images struct {
	name        string      // of the data set
	folds       []data.Fold // one without folds
	fingerprint string
}

// readImages reads the images that the flags and the study name, and divides them.
func readImages(from string, s *study) (*images, error) {
	train, test, err := program.Images(from, s.TrainImages, s.TestImages)
	if err != nil {
		return nil, err
	}
	i := &images{name: "CIFAR-10", fingerprint: train.Fingerprint()}
	if from == program.SyntheticImages {
		i.name = from
	}
	if s.Folds == 0 && s.HeldOut == 0 {
		i.fingerprint += "; tested with " + test.Fingerprint()
	}
	i.folds, err = s.divide(train, test)
	return i, err
}

// divide makes of the images what the study's runs train on and are tested with.
func (s *study) divide(train, test *data.Dataset) (folds []data.Fold, err error) {
	switch {
	case s.Folds > 0:
		if folds, err = train.Folds(s.Folds, division); err != nil {
			return nil, fmt.Errorf("folds: %w", err)
		}
		return folds, nil
	case s.HeldOut > 0:
		if train, test, err = train.Split(s.HeldOut, division); err != nil {
			return nil, fmt.Errorf("held_out: %w", err)
		}
	}
	return []data.Fold{{Train: train, Test: test}}, nil
}

// of are a run's.
func (i *images) of(r trial) data.Fold { return i.folds[max(0, r.fold-1)] }

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
		from = fmt.Sprintf("the first %s training images", terminal.Count(s.TrainImages))
	}
	switch {
	case s.Folds > 0:
		return fmt.Sprintf("%d parts of %s, each held out once", s.Folds, from)
	case s.HeldOut >= 1:
		return fmt.Sprintf("%s of %s, held out", terminal.Count(int(s.HeldOut)), from)
	case s.HeldOut > 0:
		return fmt.Sprintf("%.4g %% of %s, held out", 100*s.HeldOut, from)
	case s.TestImages > 0:
		return fmt.Sprintf("the first %s test images", terminal.Count(s.TestImages))
	}
	return "the test set"
}
