// Package given checks what every call is given.
package given

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
