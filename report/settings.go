package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
)

// recipeJSON is a run's recipe, indented; augmentations that are not package data's are left out.
func recipeJSON(r fastresnet.Record) (string, error) {
	text, err := json.Marshal(fastresnet.Record{Recipe: r.Recipe})
	if err != nil {
		return "", fmt.Errorf("%w: the recipe of a run: %w", fastresnet.ErrArgument, err)
	}
	var read struct{ Recipe json.RawMessage }
	if err := json.Unmarshal(text, &read); err != nil {
		return "", err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, read.Recipe, "", "  ")
	return indented.String(), err
}

// setting is a hyperparameter with what it is in each run.
type setting struct {
	Name   string
	Values []string
}

// Different says whether the runs differ in it.
func (s setting) Different() bool {
	return slices.ContainsFunc(s.Values, func(v string) bool { return v != s.Values[0] })
}

// long is a number with more digits than anybody reads.
var long = regexp.MustCompile(`\d+\.\d{7,}(e-?\d+)?`)

// Shown are the values with such numbers rounded, unless that hides a difference.
func (s setting) Shown() []string {
	rounded := setting{s.Name, make([]string, len(s.Values))}
	for i, v := range s.Values {
		rounded.Values[i] = long.ReplaceAllStringFunc(v, func(digits string) string {
			n, err := strconv.ParseFloat(digits, 64)
			if err != nil {
				return digits
			}
			return strconv.FormatFloat(n, 'g', 5, 64)
		})
	}
	if rounded.Different() != s.Different() {
		return s.Values
	}
	return rounded.Values
}

// settingsOf are those of recipes, given as JSON, in the recipes' order.
func settingsOf(recipes []string) (all []setting, err error) {
	for run, text := range recipes {
		at := 0
		add := func(name, value string) {
			i := slices.IndexFunc(all, func(s setting) bool { return s.Name == name })
			if i < 0 {
				i = at
				all = slices.Insert(all, i, setting{name, slices.Repeat([]string{none}, len(recipes))})
			}
			all[i].Values[run] = clean(value)
			at = i + 1
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		value, err := decode(decoder)
		if err != nil {
			return nil, err
		}
		flatten("", value, add)
	}
	return all, nil
}

// object is one of JSON, in its order.
type object []member

type member struct {
	name  string
	value any
}

// decode reads a value, objects in their order.
func decode(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := decode(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{fmt.Sprint(name), value})
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := decode(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

// flatten gives the values within objects, which are named by their way there.
func flatten(name string, value any, add func(name, value string)) {
	o, isObject := value.(object)
	if _, chosen := o.choice(); !isObject || chosen {
		add(name, words(value))
		return
	}
	for _, m := range o {
		if name == "" && (m.name == "published" || m.name == "description" || m.name == "name") {
			continue // they change nothing
		}
		flatten(strings.TrimSpace(name+" "+strings.ReplaceAll(m.name, "_", " ")), m.value, add)
	}
}

// choice says whether the object is the name of a kind with its settings, as in {"crop":{"pad":4}}.
func (o object) choice() (settings object, chosen bool) {
	if len(o) == 1 {
		settings, chosen = o[0].value.(object)
	}
	return settings, chosen
}

// words are a value for people.
func words(value any) string {
	switch v := value.(type) {
	case nil:
		return none
	case object:
		if settings, chosen := v.choice(); chosen {
			name := strings.ReplaceAll(v[0].name, "_", " ")
			if len(settings) == 0 {
				return name
			}
			return name + " (" + words(settings) + ")"
		}
		var members []string
		for _, m := range v {
			members = append(members, strings.ReplaceAll(m.name, "_", " ")+space+words(m.value))
		}
		return strings.Join(members, ", ")
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, words(item))
		}
		if len(items) == 0 {
			return "none"
		}
		return strings.Join(items, "; ")
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return fmt.Sprint(value)
}
