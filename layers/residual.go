package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
	"github.com/gomlx/gomlx/core/graph"
)

// Residual adds the output of a branch to that of a shortcut (https://arxiv.org/abs/1512.03385). An
// empty Shortcut is the input itself; both must end in the same shape.
type Residual struct{ Branch, Shortcut []Layer }

func (Residual) String() string { return "Residual" }

func (r Residual) resolve(in data.Shape) (resolved, error) {
	branch, err := resolveAll(r.Branch, in)
	if err != nil {
		return resolved{}, err
	}
	shortcut, err := resolveAll(r.Shortcut, in)
	if err != nil {
		return resolved{}, err
	}
	if branch.out != shortcut.out {
		return resolved{}, fmt.Errorf("%w: a residual block adds %v to %v", ErrNetwork, branch.out, shortcut.out)
	}
	return resolved{
		out:          branch.out,
		variables:    append(branch.variables, shortcut.variables...),
		multiplyAdds: branch.multiplyAdds + shortcut.multiplyAdds,
	}, nil
}

func (r Residual) apply(x *graph.Node, s *Scope) *graph.Node {
	return graph.Add(applyAll(r.Shortcut, x, s), applyAll(r.Branch, x, s))
}
