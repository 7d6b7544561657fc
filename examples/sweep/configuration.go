package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// configuration is the settings of a run, by their names.
//
// The setting recipe is the name of one, or a whole one as JSON has it. width, epochs, batch_size and peak_rate are the
// library's options of these names, so that other epochs stretch the schedule and another batch scales the rates. All others
// are fields of the recipe, by their names in JSON: "label_smoothing", "optimizer.nesterov.momentum", "groups.0.rate_factor".
type configuration map[string]any

// The settings that are no fields of the recipe.
const (
	recipeSetting = "recipe"
	epochsSetting = "epochs"
	batchSetting  = "batch_size"
)

// optionSettings are the settings that are options of the library, each a number.
var optionSettings = map[string]func(float64) (fastresnet.Option, error){
	"width":       whole(fastresnet.WithWidth),
	epochsSetting: whole(fastresnet.WithEpochs),
	batchSetting:  whole(fastresnet.WithBatchSize),
	"peak_rate": func(rate float64) (fastresnet.Option, error) {
		if !(rate > 0 && rate <= math.MaxFloat32) {
			return nil, errors.New("need a positive number")
		}
		return fastresnet.WithPeakRate(rate), nil
	},
}

// isSetting says whether there is a setting of a name, as far as its first part says that.
func isSetting(name string) bool {
	field, _, _ := strings.Cut(name, ".")
	return name == recipeSetting || optionSettings[name] != nil || recipeFields[field]
}

// recipeFields are the fields of recipes, by their names in JSON.
var recipeFields = func() map[string]bool {
	fields := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[fastresnet.Recipe]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = true
	}
	return fields
}()

// whole makes an option of a whole number from 1 on.
func whole(option func(int) fastresnet.Option) func(float64) (fastresnet.Option, error) {
	return func(n float64) (fastresnet.Option, error) {
		if n != math.Trunc(n) || n < 1 || n > math.MaxInt32 {
			return nil, errors.New("need a whole number from 1 on")
		}
		return option(int(n)), nil
	}
}

// with is a copy with another setting.
func (c configuration) with(name string, value any) configuration {
	c = maps.Clone(c)
	c[name] = value
	return c
}

// check reports what of the settings cannot be.
func (c configuration) check() error {
	if _, err := c.recipe(); err != nil {
		return err
	}
	_, err := c.options()
	return err
}

// fit reports what of checked settings keeps them from being trained on a number of images.
func (c configuration) fit(images int) error {
	recipe, err := c.recipe()
	if err != nil {
		return err
	}
	if batch, set := c[batchSetting].(float64); set {
		recipe.BatchSize = int(batch)
	}
	return program.Misfit(recipe, images)
}

// recipe is the recipe with the fields that are set, without the options.
func (c configuration) recipe() (fastresnet.Recipe, error) {
	base, err := baseRecipe(c[recipeSetting])
	if err != nil {
		return base, err
	}
	fields, err := plain(base)
	if err != nil {
		return base, err
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if name == recipeSetting || optionSettings[name] != nil {
			continue
		}
		value, err := plain(c[name]) // a copy: the path of another setting may lead into it
		if err != nil {
			return base, err
		}
		if fields, err = setField(fields, strings.Split(name, "."), value); err != nil {
			return base, fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return base, err
	}
	var recipe fastresnet.Recipe
	if err := json.Unmarshal(text, &recipe); err != nil {
		return base, err
	}
	return recipe, nil
}

// plain is a copy of a value, as objects, lists, texts and numbers.
func plain(value any) (copied any, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &copied)
	return copied, err
}

// baseRecipe is the recipe that a setting names, or is.
func baseRecipe(value any) (recipe fastresnet.Recipe, err error) {
	name, named := value.(string)
	if !named {
		text, err := json.Marshal(value)
		if err != nil {
			return recipe, err
		}
		err = json.Unmarshal(text, &recipe)
		return recipe, err
	}
	for _, r := range fastresnet.Recipes() {
		if r.Name == name {
			return r, nil
		}
	}
	return recipe, fmt.Errorf("recipe %q: need one of those that cifar10 -list shows", name)
}

// setField sets what a path leads to in a value that was read from JSON. Objects on the way are made where there are none,
// as JSON leaves out what is zero.
func setField(in any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch in := in.(type) {
	case nil:
		return setField(map[string]any{}, path, value)
	case map[string]any:
		field, err := setField(in[path[0]], path[1:], value)
		in[path[0]] = field
		return in, err
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(in) {
			return nil, fmt.Errorf("%q in a list of %d: need 0 to %d", path[0], len(in), len(in)-1)
		}
		in[i], err = setField(in[i], path[1:], value)
		return in, err
	}
	return nil, fmt.Errorf("%q: there is a value, not an object", path[0])
}

// options are those that are set.
func (c configuration) options() ([]fastresnet.Option, error) {
	var options []fastresnet.Option
	for _, name := range slices.Sorted(maps.Keys(optionSettings)) {
		value, set := c[name]
		if !set {
			continue
		}
		n, ok := value.(float64)
		if !ok {
			return nil, fmt.Errorf("%s is %q, need a number", name, text(value))
		}
		option, err := optionSettings[name](n)
		if err != nil {
			return nil, fmt.Errorf("%s is %g: %w", name, n, err)
		}
		options = append(options, option)
	}
	return options, nil
}

// key is the same for the same settings alone, unlike String, where a whole recipe is its name.
func (c configuration) key() string {
	text, err := json.Marshal(c)
	if err != nil {
		return c.String() // of what was not read from JSON
	}
	return string(text)
}

// String is the settings in words: "peak_rate 0.4, width 8".
func (c configuration) String() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		words = append(words, name+" "+text(c[name]))
	}
	return strings.Join(words, ", ")
}

// text is a setting's value: a text as it is, a whole recipe by its name, anything else as JSON.
func text(value any) string {
	if object, ok := value.(map[string]any); ok && object["name"] != nil {
		value = object["name"]
	}
	if s, ok := value.(string); ok {
		return s
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
