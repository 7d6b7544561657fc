package fastresnet

import "fmt"

// problems are all that is wrong with options, to be told at once. Each wraps [ErrOption].
type problems []error

// want notes a problem in words, unless all is well.
func (p *problems) want(well bool, format string, args ...any) {
	if !well {
		p.add(fmt.Errorf(format, args...))
	}
}

// add notes an error, which may be nil, as a problem.
func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, fmt.Errorf("%w: %w", ErrOption, err))
	}
}
