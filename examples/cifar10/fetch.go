package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/fastresnet/fastresnet/data/download"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/progress"
)

// fetch downloads CIFAR-10, if it is not there, to where it is looked for.
func fetch(ctx context.Context, s *settings, display *progress.Display) error {
	folder := s.data
	if folder == "auto" {
		folder = os.Getenv("FASTRESNET_DATA") // if it is not set, the client knows the usual place
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) && (strings.HasSuffix(folder, ".tar.gz") || strings.HasSuffix(folder, ".tar")) {
		return fmt.Errorf("-download: there is no archive %s: have -data or FASTRESNET_DATA name a folder to download into", folder)
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
