package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// study is what a study's file holds: the settings of its runs, and how often each is run.
type study struct {
	// Settings are those of all runs, by their names: see configuration.
	Settings map[string]any `json:"settings"`
	// Grid are settings with their values: all combinations of them are run.
	Grid map[string][]any `json:"grid,omitempty"`
	// Sample are settings that are drawn at random; each draw is combined with the whole grid.
	Sample *sample `json:"sample,omitempty"`
	// Seeds are those of each configuration's runs.
	Seeds seeds `json:"seeds"`

	// TrainImages and TestImages bound the images, to the first ones; 0 is no bound.
	TrainImages int `json:"train_images,omitempty"`
	TestImages  int `json:"test_images,omitempty"`
	// HeldOut is the share of the training images, or their number, that are tested with in place of the test set.
	HeldOut float64 `json:"held_out,omitempty"`
	// Folds has each run be as many: each trains on all but one part of the training images, and tests with that.
	Folds int `json:"folds,omitempty"`

	Halving *halving `json:"halving,omitempty"`

	// configurations are all combinations of settings, without halving's epochs.
	configurations []configuration
}

// seeds are Count ones from First on.
type seeds struct {
	First uint64 `json:"first"`
	Count int    `json:"count"`
}

// readStudy reads a study's file.
func readStudy(name string) (*study, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s, err := parseStudy(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// parseStudy reads the text of a study, strictly, and finds out before any training that each configuration is one.
func parseStudy(text []byte) (*study, error) {
	s := &study{Seeds: seeds{First: 1, Count: 1}}
	if err := strictjson.Unmarshal(text, s); err != nil {
		return nil, inForm(err)
	}
	if problems := s.problems(); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	var err error
	if s.configurations, err = s.combinations(); err != nil {
		return nil, err
	}
	if s.Halving != nil {
		for _, epochs := range s.Halving.Epochs { // in place of none
			if err := s.configurations[0].with(epochsSetting, float64(epochs)).check(); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// forms are how the values of the study's keys look.
var forms = map[string]string{
	"settings": `{"recipe": "resnet9-24", "width": 8}`, "grid": `{"width": [8, 16]}`,
	"sample": `{"count": 30, "settings": {"peak_rate": {"from": 0.05, "to": 2}}}`, "seeds": `{"first": 1, "count": 3}`,
	"train_images": "a whole number", "test_images": "a whole number", "held_out": "a number", "folds": "a whole number",
	"halving": `{"epochs": [2, 6, 18], "keep": 0.34}`,
}

// inForm says in place of an error about a type of this program how the value is to look.
func inForm(err error) error {
	if mistake := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistake) {
		key, _, _ := strings.Cut(mistake.Field, ".")
		if form := forms[key]; form != "" {
			return fmt.Errorf("%s: need %s", key, form)
		}
	}
	return err
}

// problems are what is wrong with the study, apart from its configurations.
func (s *study) problems() (problems []error) {
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	check(s.Seeds.Count >= 1, "seeds: a count of %d, need at least 1", s.Seeds.Count)
	check(s.TrainImages >= 0, "train_images is %d, need 0 (all) or more", s.TrainImages)
	check(s.TestImages >= 0, "test_images is %d, need 0 (all) or more", s.TestImages)
	check(s.HeldOut >= 0 && s.HeldOut <= math.MaxInt32 && (s.HeldOut < 1 || s.HeldOut == math.Trunc(s.HeldOut)),
		"held_out is %g, need a share below 1, or a number of images", s.HeldOut)
	check(s.Folds == 0 || s.Folds >= 2, "folds is %d, need at least 2", s.Folds)
	check(s.Folds == 0 || s.HeldOut == 0, "held_out and folds: both say what is tested with")
	if err := program.SeedsBeyond("seeds", s.Seeds.First, s.Seeds.Count); err != nil {
		problems = append(problems, err)
	}
	owner := map[string]string{}
	enter := func(where, name string) {
		check(owner[name] == "", "%s: %s is in %s already", where, name, owner[name])
		check(isSetting(name), "%s: unknown field %q of recipes", where, name)
		owner[name] = where
	}
	for name := range s.Settings {
		enter("settings", name)
	}
	for name, values := range s.Grid {
		enter("grid", name)
		check(len(values) > 0, "grid: %s has no values", name)
	}
	if s.Sample != nil {
		problems = append(problems, s.Sample.problems()...)
		for name := range s.Sample.Settings {
			enter("sample", name)
		}
	}
	if s.Halving != nil {
		problems = append(problems, s.Halving.problems()...)
		enter("halving", epochsSetting)
	}
	check(owner[recipeSetting] != "", "no %s in settings or grid", recipeSetting)
	for _, recipe := range s.recipes() {
		if _, err := baseRecipe(recipe); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}

// recipes are the values of the setting recipe.
func (s *study) recipes() []any {
	recipes := slices.Clone(s.Grid[recipeSetting])
	if recipe, set := s.Settings[recipeSetting]; set {
		recipes = append(recipes, recipe)
	}
	if s.Sample != nil {
		recipes = append(recipes, s.Sample.Settings[recipeSetting].Values...)
	}
	return recipes
}
