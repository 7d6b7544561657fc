package fastresnet

import (
	"context"
	"fmt"

	"github.com/fastresnet/fastresnet/internal/argument"
)

// given reports a context that is nil.
func given(ctx context.Context) error {
	if err := argument.Context(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrArgument, err)
	}
	return nil
}

// ending is a context that ends when ctx does, until stop is called. It may be handed to other goroutines: whatever a
// caller's context does when it is asked, it does not do it there.
func ending(ctx context.Context) (own context.Context, stop context.CancelFunc) {
	own, stop = context.WithCancel(context.Background())
	ended := ctx.Done()
	select {
	case <-ended:
		stop()
	default:
		go func() {
			select {
			case <-ended:
				stop()
			case <-own.Done():
			}
		}()
	}
	return own, stop
}
