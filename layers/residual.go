package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
)

// Residual adds the output of a branch to that of a shortcut (https://arxiv.org/abs/1512.03385). An
// empty Shortcut is the input itself; both must end in the same shape.
type Residual struct{ Branch, Shortcut []Layer }

func (Residual) String() string { return "Residual" }

// resolve leaves variables and work to the layers of the two paths.
func (r Residual) resolve(in data.Shape) (resolved, error) {
	inner, branch, err := plan(r.Branch, in)
	if err != nil {
		return resolved{}, err
	}
	behind, shortcut, err := plan(r.Shortcut, in)
	if err != nil {
		return resolved{}, err
	}
	if branch != shortcut {
		return resolved{}, fmt.Errorf("it adds %v to %v", branch, shortcut)
	}
	return resolved{out: branch, inner: append(inner, behind...)}, nil
}
