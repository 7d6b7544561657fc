package picture

import (
	"fmt"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/pathname"
)

// UnreadableError is the error about all pictures of a set, and folders of some, that cannot be read, and all classes that are
// left with none. It wraps the errors of these and [data.ErrFormat].
type UnreadableError struct {
	Problems []Problem
	// Total is the number of pictures that were to be read, with each folder among Problems as one.
	Total int
	// Classes have no picture that can be read: there is none in their folder, or, unless [Reader.Classes] says which classes there
	// are, all of theirs are among Problems. [Reader.SkipUnreadable] does not help these.
	Classes []string
}

func (e *UnreadableError) Error() string {
	var parts []string
	if n := len(e.Problems); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d pictures cannot be read (SkipUnreadable leaves them out)", n, e.Total))
	}
	if len(e.Classes) > 0 {
		var names []string
		for _, class := range e.Classes {
			names = append(names, pathname.Quoted(class))
		}
		parts = append(parts, "classes without a picture that can be read: "+strings.Join(names, ", ")+" (give each some, or remove its folder or label)")
	}
	text := fmt.Sprintf("%v: %s", data.ErrFormat, strings.Join(parts, "; "))
	for _, p := range e.Problems {
		text += fmt.Sprintf("\n%s: %v", pathname.Quoted(p.Path), p.Err)
	}
	return text
}

// Unwrap returns the errors of the pictures, and [data.ErrFormat].
func (e *UnreadableError) Unwrap() []error {
	all := []error{data.ErrFormat}
	for _, p := range e.Problems {
		all = append(all, p.Err)
	}
	return all
}
