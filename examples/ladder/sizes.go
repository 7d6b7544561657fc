package main

import "github.com/fastresnet/fastresnet/examples/internal/program"

// size is how much to train. Epochs and batch size 0 stand for each recipe's own.
type size struct {
	rungs                       string
	width, epochs, batch, seeds int
}

// The sizes that -size names.
var (
	// small shows the order of the series in 20 minutes to an hour on two CPU cores.
	small = size{rungs: "9-14,17", width: 8, epochs: 8, batch: 128, seeds: 2}
	// full is everything as published.
	full = size{rungs: "1-28", width: program.PublishedWidth, epochs: 0, batch: 0, seeds: 1}
)
