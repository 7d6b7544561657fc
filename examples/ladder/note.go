package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// note says below a table what was run and what it is compared with.
func note(recipes []fastresnet.Recipe, c content) string {
	var seconds float64
	var seeds []uint64
	var places []string
	for _, r := range c.Runs {
		seconds += float64(r.TotalSeconds)
		seeds, places = append(seeds, r.Seed), append(places, results.Place(r.Backend, r.Device))
	}
	var hardware []string
	for _, r := range recipes {
		hardware = append(hardware, r.Published.Hardware)
	}
	k := c.Conditions
	return fmt.Sprintf(`Here: width %d where the series has %d, epochs %s, batch %s; %s, %s training and %s test images.
%s of %s, %s in all, on %s.
Series: as published, with every rung's own epochs and batch, on one %s.
Accuracy: mean of n runs ± standard deviation, over n-1. Time: mean, of training alone. Ratio: time over that of the rung before.
`, k.Width, program.PublishedWidth, program.Own(k.Epochs), program.Own(k.Batch), k.Data, digits.Count(k.TrainImages), digits.Count(k.TestImages),
		digits.Plural(len(c.Runs), "run"), digits.Plural(len(distinct(seeds)), "seed"),
		time.Duration(seconds*float64(time.Second)).Round(time.Second), strings.Join(distinct(places), ", "),
		strings.Join(distinct(hardware), ", "))
}

func distinct[T uint64 | string](values []T) []T {
	slices.Sort(values)
	return slices.Compact(values)
}
