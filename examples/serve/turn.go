package main

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// smallest is how many of the largest small pictures have room at a time.
const smallest = 10

// pixelTurn waits for room for a picture's pixels, or those of several: that for small ones, or for others.
func (s *service) pixelTurn(r *http.Request, pixels int64) (release func(), err error) {
	if pixels <= s.limits.small/smallest {
		return s.turn(r, s.small, pixels)
	}
	return s.turn(r, s.pixels, pixels)
}

// turn waits, for a time, for some of a room, of which release gives it back.
func (s *service) turn(r *http.Request, of *room, size int64) (release func(), err error) {
	err = s.await(r, of.name, s.limits.wait, func(ctx context.Context) (err error) {
		release, err = of.take(ctx, r.RemoteAddr, size)
		return err
	})
	return release, err
}

// compute has the model look at some images, when it is the client's turn. The model itself takes what comes in order,
// so what is before it must be little. Only then does its own time begin: a slow model may take longer than a turn is waited for.
func (s *service) compute(r *http.Request, images int, look func(context.Context) error) error {
	release, err := s.turn(r, s.images, int64(images))
	if err != nil {
		return err
	}
	defer release()
	return s.await(r, s.images.name, s.limits.compute, look)
}

// await has a request wait for something, for a time. The metrics have it by name.
func (s *service) await(r *http.Request, turn string, limit time.Duration, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	return s.metrics.wait(turn, func() error { return busy(wait(ctx)) })
}

// busy is the error of somebody who waited in vain.
func busy(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return errBusy
	case errors.Is(err, context.Canceled):
		return errCutOff // the client is gone
	}
	return err
}
