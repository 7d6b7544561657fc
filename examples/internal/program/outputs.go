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
	"save": ".safetensors", "report": ".html", "json": ".json", "csv": ".csv", "markdown": ".md", "augmented": ".png",
}

// telling are the endings that say what is in a file.
var telling = append(slices.Collect(maps.Values(endings)), ".svg")

// CheckOutputs reports those of the flags, by name, that are given without a file's name, those whose name is that of another kind of
// file, and those that name one file, of which the last to be written alone would stay.
func CheckOutputs(f *flag.FlagSet, names ...string) error {
	var problems []error
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for i, name := range names {
		file := f.Lookup(name).Value.String()
		if file == "" {
			if given[name] {
				problems = append(problems, fmt.Errorf("-%s: need the name of a file", name))
			}
			continue
		}
		if own, end := endings[name], strings.ToLower(filepath.Ext(file)); own != "" && end != own && slices.Contains(telling, end) {
			problems = append(problems, fmt.Errorf("-%s %s: need a name that ends in %s", name, file, own))
		}
		for _, before := range names[:i] {
			if other := f.Lookup(before).Value.String(); other != "" && sameFile(other, file) {
				problems = append(problems, fmt.Errorf("-%s and -%s: both name %s", before, name, file))
			}
		}
	}
	return errors.Join(problems...)
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
