package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// combinations are the study's configurations: each draw of the sample, with all combinations of the grid, the last name's
// values, in alphabetical order, changing fastest. Each is there once.
func (s *study) combinations() ([]configuration, error) {
	all := s.Sample.draws()
	for _, name := range slices.Sorted(maps.Keys(s.Grid)) {
		var more []configuration
		for _, c := range all {
			for _, value := range s.Grid[name] {
				more = append(more, c.with(name, value))
			}
		}
		all = more
	}
	var once []configuration
	seen := map[string]bool{}
	for _, c := range all {
		for name, value := range s.Settings {
			c[name] = value
		}
		if seen[c.key()] {
			continue
		}
		seen[c.key()] = true
		once = append(once, c)
	}
	return once, s.reports(once, configuration.check)
}

// reports are all problems that a check finds in configurations, each with the first one that has it.
func (s *study) reports(all []configuration, check func(configuration) error) error {
	var problems []error
	reported := map[string]bool{}
	for _, c := range all {
		if err := check(c); err != nil && !reported[err.Error()] {
			reported[err.Error()] = true
			if varied := s.varied(); len(varied) > 0 {
				err = fmt.Errorf("%w (in %v)", err, c.of(varied))
			}
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// varied are the names of the settings that the study varies.
func (s *study) varied() []string {
	names := slices.Collect(maps.Keys(s.Grid))
	if s.Sample != nil {
		names = slices.AppendSeq(names, maps.Keys(s.Sample.Settings))
	}
	slices.Sort(names)
	if s.Halving != nil {
		names = append(names, epochsSetting)
	}
	return names
}

// of are the settings of these names.
func (c configuration) of(names []string) configuration {
	some := configuration{}
	for _, name := range names {
		some[name] = c[name]
	}
	return some
}
