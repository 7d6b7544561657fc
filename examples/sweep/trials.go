package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fastresnet/fastresnet"
)

// trial is one training run of a study.
type trial struct {
	id            string // the same for the same run in any study on any machine, as long as the recipe is the same
	configuration configuration
	seed          uint64
	fold          int // from 1; 0 without folds
}

// trials are the study's, in an order that does not change as results come: with halving those of each stage whose forerunner
// is done. more says that there are stages which are not known yet.
func (s *study) trials(done map[string]outcome) (all []trial, more bool, err error) {
	if s.Halving == nil {
		all, err = s.stage(s.configurations)
		return all, false, err
	}
	configurations := s.configurations
	for i, epochs := range s.Halving.Epochs {
		var stage []configuration
		for _, c := range configurations {
			stage = append(stage, c.with(epochsSetting, float64(epochs)))
		}
		runs, err := s.stage(stage)
		if err != nil {
			return nil, false, err
		}
		all = append(all, runs...)
		if i == len(s.Halving.Epochs)-1 {
			break
		}
		var decided bool
		if configurations, decided = s.Halving.best(configurations, runs, done); !decided {
			return all, true, nil
		}
	}
	return all, false, nil
}

// stage are the runs of some configurations: all with the first seed, then with the next, so that there is something of all
// of them early.
func (s *study) stage(configurations []configuration) (runs []trial, err error) {
	for i := range s.Seeds.Count {
		for fold := range max(1, s.Folds) {
			for _, c := range configurations {
				r := trial{configuration: c, seed: s.Seeds.First + uint64(i)}
				if s.Folds > 0 {
					r.fold = fold + 1
				}
				if r.id, err = s.identify(r); err != nil {
					return nil, err
				}
				runs = append(runs, r)
			}
		}
	}
	return runs, nil
}

// identify is a run's identity: a hash of all that its weights and its accuracy depend on, apart from the images themselves
// and from how the backend rounds.
func (s *study) identify(r trial) (string, error) {
	recipe, err := r.configuration.recipe()
	if err != nil {
		return "", err
	}
	recipe.Description, recipe.Published = "", fastresnet.Published{}
	options := map[string]any{}
	for name := range optionSettings {
		if value, set := r.configuration[name]; set {
			options[name] = value
		}
	}
	text, err := json.Marshal(struct {
		Recipe      fastresnet.Recipe
		Options     map[string]any
		Seed        uint64
		TrainImages int
		TestImages  int
		HeldOut     float64
		Folds, Fold int
	}{recipe, options, r.seed, s.TrainImages, s.TestImages, s.HeldOut, s.Folds, r.fold})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.8x", sha256.Sum256(text)), nil
}

// String is the run in words.
func (r trial) String() string { return r.of(slices.Collect(maps.Keys(r.configuration))) }

// of is the run in words, with the settings of these names.
func (r trial) of(names []string) string {
	text := fmt.Sprintf("seed %d", r.seed)
	if len(names) > 0 {
		text = fmt.Sprintf("%v, %s", r.configuration.of(names), text)
	}
	if r.fold > 0 {
		text += fmt.Sprintf(", fold %d", r.fold)
	}
	return text
}
