package fastresnet

import (
	"fmt"
)

// agree reports models that are not to be taken together: none at all, one that is nil or zero, or one of which
// something, by name, is not what it is of the first. It says which, and the difference.
func agree(models []*Model, what func(*Model) map[string]any) error {
	if len(models) == 0 {
		return fmt.Errorf("%w: no models, need at least one", ErrArgument)
	}
	var first identity
	for i, m := range models {
		if err := m.made(); err != nil {
			return fmt.Errorf("model %d: %w", i, err)
		}
		own := identity{}
		for name, value := range what(m) {
			if err := own.enter(name, value); err != nil {
				return fmt.Errorf("model %d: %w", i, err)
			}
		}
		if i == 0 {
			first = own
		}
		if differences := first.differences(own); len(differences) > 0 {
			return fmt.Errorf("%w: model %d does not go with model 0: its %s", ErrArgument, i, first.describe(differences, own, "%[1]s is %[3]s, not %[2]s"))
		}
	}
	return nil
}
