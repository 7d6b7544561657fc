package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// images is how many are trained on: as many as CIFAR-10 has.
const images = 50_000

// tables prints them all, and returns what is wrong with the programs.
func (c *compiler) tables(recipes []fastresnet.Recipe, kernels int) error {
	fmt.Printf("%s, %s and %s; estimates, not timings\n\n", c.versions, h200.Name, h100.Name)
	return errors.Join(c.trainingSteps(recipes, kernels), c.evaluations(recipes), c.severalDevices(recipes))
}

func (c *compiler) trainingSteps(recipes []fastresnet.Recipe, kernels int) error {
	header("training step", "batch", "kernels", "convolutions", "GFLOP", "GB", "reordered MB", "device memory, MB", "ms", "images/s", "a run, s", "H100: ms")
	var faults []error
	var details strings.Builder
	for _, r := range recipes {
		at, err := c.program(h200, r, trainingStep, 1)
		if err != nil {
			return err
		}
		older, err := c.program(h100, r, trainingStep, 1)
		if err != nil {
			return err
		}
		seconds := at.seconds
		if s := r.Selection; s != nil {
			for _, small := range []struct {
				program string
				share   float64 // of the steps
			}{{selectingStep, 1 / float64(s.Every)}, {look, 1 - 1/float64(s.Every)}} {
				at, err := c.program(h200, r, small.program, 1)
				if err != nil {
					return err
				}
				seconds += small.share * at.seconds
				at.describe(&details, r.Name+", "+small.program, h200, kernels)
				faults = append(faults, at.faults(r.Name+", "+small.program))
			}
		}
		perEpoch := images / r.BatchSize
		if r.KeepIncompleteBatch {
			perEpoch = (images + r.BatchSize - 1) / r.BatchSize
		}
		fmt.Printf("| %s | %d | %d | %d | %.0f | %.2f | %d | %d | %.2f | %.0f | %.2f | %.2f |\n", r.Name, r.ImagesPerStep(), at.kernels, at.convolutions,
			float64(at.flops)/1e9, float64(at.bytes)/1e9, at.reorderedBytes/1e6, (at.arguments+at.results+at.temporary)/1e6, at.seconds*1e3,
			float64(r.ImagesPerStep())/seconds, math.Ceil((float64(r.Epochs-1)+cmp.Or(r.LastEpochShare, 1))*float64(perEpoch))*seconds, older.seconds*1e3)
		faults = append(faults, at.faults(r.Name))
		at.describe(&details, r.Name, h200, kernels)
	}
	fmt.Print(details.String())
	return errors.Join(faults...)
}

func (c *compiler) evaluations(recipes []fastresnet.Recipe) error {
	fmt.Println()
	header("evaluation of a batch", "kernels", "convolutions", "GFLOP", "GB", "ms")
	var faults []error
	for _, r := range recipes {
		at, err := c.program(h200, r, evaluationStep, 1)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %d | %d | %.0f | %.2f | %.2f |\n", r.Name, at.kernels, at.convolutions, float64(at.flops)/1e9, float64(at.bytes)/1e9, at.seconds*1e3)
		faults = append(faults, at.faults(r.Name+", evaluation"))
	}
	return errors.Join(faults...)
}

// severalDevices is about two of the recipes, if they are among those that are asked for.
func (c *compiler) severalDevices(recipes []fastresnet.Recipe) error {
	fmt.Println()
	header("several devices, or steps in a loop", "devices", "steps", "kernels of each", "GB of each", "ms a step", "all-reduces", "their MB")
	var faults []error
	for _, r := range recipes {
		if r.Name != fastresnet.ResNet9Epochs24().Name && r.Name != fastresnet.Airbench94Muon().Name {
			continue
		}
		for _, way := range []struct {
			program        string
			devices, steps int
		}{{trainingSteps, 1, loop}, {trainingStep, 2, 1}, {trainingStep, 8, 1}} {
			at, err := c.program(h200, r, way.program, way.devices)
			if err != nil {
				return err
			}
			fmt.Printf("| %s | %d | %d | %d | %.2f | %.2f | %d | %.1f |\n", r.Name, way.devices, way.steps, at.kernels, float64(at.bytes)/1e9,
				at.seconds*1e3/float64(way.steps), at.reduced, float64(at.reducedBytes)/1e6)
			faults = append(faults, at.faults(fmt.Sprintf("%s, %s on %s", r.Name, digits.Plural(way.steps, "step"), digits.Plural(way.devices, "device"))))
		}
	}
	return errors.Join(faults...)
}

// header begins a table.
func header(columns ...string) {
	fmt.Printf("| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
}

// compiled is a program as it was compiled for a card.
type compiled struct {
	counts
	all []kernel
	// arguments, results and temporary are the bytes that it needs on the device.
	arguments, results, temporary int64
}

// faults are what a program should not have.
func (p compiled) faults(name string) error {
	var all []error
	if p.scatters > 0 {
		all = append(all, fmt.Errorf("%s has %d scatters", name, p.scatters))
	}
	const tolerated = 0.03 // of all bytes: XLA turns the gradient of filters as large as their images into a convolution that reorders both
	if share := float64(p.reorderedBytes) / float64(p.bytes); share > tolerated {
		all = append(all, fmt.Errorf("%s reorders arrays, which takes %.0f %% of its bytes", name, 100*share))
	}
	for _, k := range p.all {
		if strings.HasPrefix(k.kind, "convolution") && strings.HasSuffix(k.kind, "float32") {
			all = append(all, fmt.Errorf("%s has a convolution in float32: %s", name, k.name))
		}
	}
	return errors.Join(all...)
}

// describe lists the kernels that take the longest, and the kinds of them all.
func (p compiled) describe(to *strings.Builder, name string, c card, n int) {
	if n == 0 {
		return
	}
	byKind := map[string]kernel{}
	for _, k := range p.all {
		sum := byKind[k.kind]
		byKind[k.kind] = kernel{kind: k.kind, times: sum.times + k.times, bytes: sum.bytes + k.bytes, flops: sum.flops + k.flops}
	}
	longer := func(a, b kernel) int { return cmp.Compare(c.seconds(b), c.seconds(a)) }
	kinds := slices.SortedFunc(maps.Values(byKind), longer)
	fmt.Fprintf(to, "\n%s:\n", name)
	for _, k := range kinds {
		fmt.Fprintf(to, "%6d %-40s %9.1f MB %8.1f GFLOP\n", k.times, k.kind, float64(k.bytes)/1e6, float64(k.flops)/1e9)
	}
	longest := slices.SortedFunc(slices.Values(p.all), longer)
	for _, k := range longest[:min(n, len(longest))] {
		fmt.Fprintf(to, "%6.1f us %-34s %-40s %9.1f MB %s%v\n", c.seconds(k)*1e6, k.kind, k.name, float64(k.bytes)/1e6, k.result.element, k.result.dims)
	}
}
