package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/download"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/progress"
)

// fetch downloads CIFAR-10, if it is not there, to where it is looked for.
func fetch(ctx context.Context, s *settings, display *progress.Display) error {
	folder := s.data
	if folder == "auto" {
		if _, err := data.FindCIFAR10(); !errors.Is(err, data.ErrNotFound) {
			return err
		}
		if folder = os.Getenv("FASTRESNET_DATA"); folder == "" {
			cache, err := os.UserCacheDir()
			if err != nil {
				return err
			}
			folder = filepath.Join(cache, "fastresnet")
		}
	}
	client := download.Client{Progress: func(f download.File, done int64) {
		display.Count("downloading "+f.Name, int(done), int(f.Size))
	}}
	_, _, err := client.CIFAR10(ctx, folder)
	display.Clear()
	if err != nil && ctx.Err() != nil {
		return program.ErrInterrupted
	}
	return err
}
