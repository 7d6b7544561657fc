// Command faults plants faults in pictures of CIFAR-10, and says how many of them a model finds.
//
//	go run ./scripts/faults DIR
//
// DIR has CIFAR-10's cifar-10-batches-bin. Of 2,000 pictures one in 20 gets a wrong label, and 20 are there twice, the second
// time moved by a pixel and a little brighter. They are looked at by a network of width 16 that was trained on the other
// 48,000, for two epochs, and by one that was trained on four fifths of themselves, wrong labels and all, as
// examples/pictures trains.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/neighbours"
)

const (
	looked    = 2_000
	wrong     = looked / 20
	copies    = 20
	plantings = 5 // of which the mean is printed
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: faults DIR")
	}
	all, test, err := data.CIFAR10(os.Args[1])
	check(err)
	others, err := all.Slice(0, all.Len()-looked)
	check(err)
	clean, err := all.Slice(all.Len()-looked, all.Len())
	check(err)
	var noisy []*data.Dataset
	for seed := range uint64(plantings) {
		noisy = append(noisy, relabelled(clean, seed))
	}

	model := trainOn(others, test, fastresnet.WithEpochs(2))
	labels("a model of 48,000 others", model, clean, noisy)
	duplicates(model, clean)

	train, heldOut, err := noisy[0].Split(0.2, 1)
	check(err)
	model = trainOn(train, heldOut)
	labels("a model of four fifths of them", model, clean, noisy[:1])
	duplicates(model, clean)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func trainOn(train, test *data.Dataset, options ...fastresnet.Option) *fastresnet.Model {
	start := time.Now()
	result, err := fastresnet.Train(context.Background(), append(options,
		fastresnet.WithDataset(train, test), fastresnet.WithRecipe(fastresnet.RecipeFor(train)), fastresnet.WithBackend("go"))...)
	check(err)
	fmt.Printf("trained on %d pictures in %.0f s; %.1f %% of %d others are right\n", train.Len(), time.Since(start).Seconds(), 100*result.TestAccuracy(), test.Len())
	return result.Model
}

func made(pixels []uint8, labels []int, like *data.Dataset) *data.Dataset {
	set, err := data.New(pixels, like.Shape(), labels, like.Classes())
	check(err)
	return set
}

// relabelled is the set with labels that are wrong.
func relabelled(set *data.Dataset, seed uint64) *data.Dataset {
	rng := rand.New(rand.NewPCG(seed, 1))
	labels := set.Labels()
	for _, i := range rng.Perm(len(labels))[:wrong] {
		labels[i] = (labels[i] + 1 + rng.IntN(len(set.Classes())-1)) % len(set.Classes())
	}
	return made(set.Pixels(), labels, set)
}

// labels prints how many of the first suspects have wrong labels, the mean of several sets.
func labels(name string, model *fastresnet.Model, clean *data.Dataset, noisy []*data.Dataset) {
	index := embedded(model, clean)
	ks := []int{5, 10, 20, 50}
	byModel, byNeighbours := 0., make([]float64, len(ks))
	for _, set := range noisy {
		byModel += float64(suspicious(model, clean, set)) / float64(len(noisy))
		for i, k := range ks {
			byNeighbours[i] += float64(suspects(index, clean, set, k)) / float64(len(noisy))
		}
	}
	fmt.Printf("%s: of %d suspects out of %d, %d of them wrong, so many are wrong: by Evaluation.Suspicious %.1f", name, wrong, looked, wrong, byModel)
	for i, k := range ks {
		fmt.Printf(", by %d neighbours %.1f", k, byNeighbours[i])
	}
	fmt.Println()
}

// suspicious is how many of as many labels as are wrong are, by the model's probabilities.
func suspicious(model *fastresnet.Model, clean, noisy *data.Dataset) (hits int) {
	evaluation, err := model.Evaluate(context.Background(), noisy)
	check(err)
	for _, v := range evaluation.Suspicious(wrong) {
		if clean.Label(v.Image) != noisy.Label(v.Image) {
			hits++
		}
	}
	return hits
}

// suspects is the same by neighbours.
func suspects(index *neighbours.Index, clean, noisy *data.Dataset, k int) (hits int) {
	all, err := index.Suspects(context.Background(), noisy.Labels(), k)
	check(err)
	for _, s := range all[:min(wrong, len(all))] {
		if clean.Label(s.Index) != noisy.Label(s.Index) {
			hits++
		}
	}
	return hits
}

func embedded(model *fastresnet.Model, set *data.Dataset) *neighbours.Index {
	vectors, err := model.EmbedDataset(context.Background(), set)
	check(err)
	index, err := neighbours.New(vectors)
	check(err)
	return index
}

// duplicates plants copies, and finds them at several thresholds.
func duplicates(model *fastresnet.Model, set *data.Dataset) {
	rng := rand.New(rand.NewPCG(1, 2))
	originals := rng.Perm(set.Len())[:copies]
	pixels, labels := set.Pixels(), set.Labels()
	for _, i := range originals {
		size := set.Shape().Size()
		pixels = append(pixels, altered(pixels[i*size:][:size], set.Shape())...)
		labels = append(labels, set.Label(i))
	}
	with := made(pixels, labels, set)
	index := embedded(model, with)
	fmt.Printf("%d of %d pictures are there again, altered\nthreshold  found  other groups  pictures in them\n", copies, looked)
	for _, threshold := range []float64{0.999, 0.998, 0.995, 0.99, 0.985, 0.98, 0.975, 0.97, 0.96, 0.95} {
		groups, err := index.Duplicates(context.Background(), threshold)
		check(err)
		found, others, pictures := 0, 0, 0
		for _, group := range groups {
			planted := 0
			for n, i := range originals {
				if slices.Contains(group, i) && slices.Contains(group, looked+n) {
					planted++
				}
			}
			found += planted
			if rest := len(group) - 2*planted; rest > 0 {
				others++
				pictures += rest
			}
		}
		fmt.Printf("%9.4f  %5d  %12d  %16d\n", threshold, found, others, pictures)
	}
}

// altered is an image moved to the right and down by a pixel, and brighter by a twentieth.
func altered(pixels []uint8, s data.Shape) []uint8 {
	moved := make([]uint8, len(pixels))
	for y := range s.Height {
		for x := range s.Width {
			for c := range s.Channels {
				from := (max(y-1, 0)*s.Width+max(x-1, 0))*s.Channels + c
				moved[(y*s.Width+x)*s.Channels+c] = uint8(min(255, int(pixels[from])*21/20))
			}
		}
	}
	return moved
}
