package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// sample is a random sample of settings.
type sample struct {
	Count int    `json:"count"`
	Seed  uint64 `json:"seed"` // of the draws; those of one seed are the beginning of more of them
	// Settings are drawn from the values of a list, or from a span.
	Settings map[string]source `json:"settings"`
}

// source is where a setting is drawn from: one of Values, each as probable, or a number of the span.
type source struct {
	Values []any
	span
}

// span is the numbers from From to To, each as probable, or each order of magnitude with Log. They are drawn to three
// significant digits.
type span struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Log  bool    `json:"log,omitempty"`
}

// UnmarshalJSON reads a list of values or a span.
func (s *source) UnmarshalJSON(text []byte) (err error) {
	if text[0] == '[' {
		err = json.Unmarshal(text, &s.Values)
	} else {
		err = strictjson.Unmarshal(text, &s.span)
	}
	if mistake := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistake) {
		return fmt.Errorf("sample: need %s", forms["sample"]) // here, as not all releases of Go say where in the study it was
	}
	return err
}

// problems are what is wrong with the sample.
func (s *sample) problems() (problems []error) {
	if s.Count < 1 {
		problems = append(problems, fmt.Errorf("sample: a count of %d, need at least 1", s.Count))
	}
	for name, from := range s.Settings {
		least := -math.MaxFloat32
		if from.Log {
			least = math.SmallestNonzeroFloat32
		}
		if from.Values == nil && !(from.From >= least && from.From < from.To && from.To <= math.MaxFloat32) {
			problems = append(problems, fmt.Errorf("sample: %s from %g to %g, need two numbers, the first one smaller, and above 0 with log", name, from.From, from.To))
		}
		if from.Values != nil && len(from.Values) == 0 {
			problems = append(problems, fmt.Errorf("sample: %s has no values", name))
		}
	}
	return problems
}

// draws are the sample; without one, a configuration without any settings.
func (s *sample) draws() []configuration {
	if s == nil {
		return []configuration{{}}
	}
	draws := make([]configuration, s.Count)
	rng := rand.New(rand.NewPCG(s.Seed, 0))
	for i := range draws {
		draws[i] = configuration{}
		for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
			draws[i][name] = s.Settings[name].draw(rng)
		}
	}
	return draws
}

// draw draws a value.
func (s source) draw(rng *rand.Rand) any {
	if s.Values != nil {
		return s.Values[rng.IntN(len(s.Values))]
	}
	at := rng.Float64()
	number := s.From + at*(s.To-s.From)
	if s.Log {
		number = s.From * math.Pow(s.To/s.From, at)
	}
	number, _ = strconv.ParseFloat(strconv.FormatFloat(number, 'g', 3, 64), 64)
	return number
}
