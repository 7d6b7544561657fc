// Package classnames checks the names of classes, which a data set and a model's file have alike.
package classnames

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Check reports every name that is empty, that is not UTF-8, or that an earlier class has, with its index. Files hold
// names as UTF-8, where two others could become one.
func Check(names []string) error {
	var problems []error
	first := make(map[string]int, len(names))
	for i, name := range names {
		earlier, again := first[name]
		switch {
		case name == "":
			problems = append(problems, fmt.Errorf("the name of class %d is empty", i))
		case !utf8.ValidString(name):
			problems = append(problems, fmt.Errorf("the name of class %d, %q, is not UTF-8", i, name))
		case again:
			problems = append(problems, fmt.Errorf("classes %d and %d have one name, %q", earlier, i, name))
		default:
			first[name] = i
		}
	}
	return errors.Join(problems...)
}
