package program

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// endings are those of the names of files, by the flag. Others will do, but not those of another kind of file.
var endings = map[string]string{
	"save": ".safetensors", "report": ".html", "json": ".json", "csv": ".csv", "markdown": ".md",
}

// telling are the endings that say what is in a file.
var telling = append(slices.Collect(maps.Values(endings)), ".png", ".svg")

// CheckOutputs reports those outputs, flags by name, that are given without a file's name, those whose name is that of another kind
// of file, those that name one file, of which the last to be written alone would stay, and those that name what is read: what one of
// the inputs, which are flags too, or an argument of the program names.
func CheckOutputs(f *flag.FlagSet, inputs []string, outputs ...string) error {
	var problems []error
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for i, name := range outputs {
		file := f.Lookup(name).Value.String()
		if file == "" {
			if given[name] {
				problems = append(problems, fmt.Errorf("-%s: need the name of a file", name))
			}
			continue
		}
		if file == "-" {
			problems = append(problems, fmt.Errorf("-%s -: need the name of a file, such as /dev/stdout, or ./- for one of that name", name))
		}
		if err := CheckEnding(name, file); err != nil {
			problems = append(problems, fmt.Errorf("-%s %w", name, err))
		}
		for _, before := range outputs[:i] {
			if other := f.Lookup(before).Value.String(); other != "" && sameFile(other, file) {
				problems = append(problems, fmt.Errorf("-%s and -%s: both name %s", before, name, file))
			}
		}
		for _, input := range inputs {
			if overwrites(file, f.Lookup(input).Value.String()) {
				problems = append(problems, fmt.Errorf("-%s %s: it would take the place of what -%s reads", name, file, input))
			}
		}
		for _, argument := range f.Args() {
			if overwrites(file, argument) {
				problems = append(problems, fmt.Errorf("-%s %s: it would take the place of what is read", name, file))
			}
		}
	}
	return errors.Join(problems...)
}

// CheckEnding reports a file whose name is that of another kind than the flag's.
func CheckEnding(flag, file string) error {
	if own, end := endings[flag], strings.ToLower(filepath.Ext(file)); own != "" && end != own && slices.Contains(telling, end) {
		return fmt.Errorf("%s: need a name that ends in %s", file, own)
	}
	return nil
}

// overwrites says whether to write a file would take the place of what is read, if that is the name of anything.
func overwrites(file, input string) bool {
	_, err := os.Stat(input)
	return err == nil && sameFile(input, file)
}

// sameFile says whether two names lead to one file, which need not be there.
func sameFile(one, other string) bool {
	if filepath.Clean(one) == filepath.Clean(other) {
		return true
	}
	a, errA := os.Stat(one)
	b, errB := os.Stat(other)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
