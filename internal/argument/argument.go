// Package argument checks what calls are given.
package argument

import (
	"context"
	"errors"
)

// Context reports one that is nil.
func Context(ctx context.Context) error {
	if ctx == nil {
		return errors.New("the context is nil: pass context.Background() for none")
	}
	return nil
}
