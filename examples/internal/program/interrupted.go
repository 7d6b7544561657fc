package program

import (
	"context"
	"errors"
)

// Interrupted says whether an error tells that ctx has ended, and what else it tells: of a run that was stopped perhaps that its
// checkpoint could not be written, too. That is nil for nothing else, and the error itself if ctx is not its reason.
func Interrupted(ctx context.Context, err error) (rest error, interrupted bool) {
	if err == nil || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err, false
	}
	if joined, is := err.(interface{ Unwrap() []error }); is {
		var others []error
		for _, e := range joined.Unwrap() {
			other, _ := Interrupted(ctx, e)
			others = append(others, other)
		}
		rest = errors.Join(others...)
	}
	return rest, true
}
