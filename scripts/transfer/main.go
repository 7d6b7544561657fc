// Command transfer measures on CIFAR-10 whether it helps to start from a trained model: a network is trained on five
// classes, and then the other five are learnt from a few images each, from scratch, by fine-tuning that network, and by a
// classifier over its features alone.
//
//	go run ./scripts/transfer              # the table of docs/finetuning.md: five seeds, the test images
//	go run ./scripts/transfer -validate -ways decays -seeds 2
//
// With -validate, training images that were held out take the place of the test images: the defaults of
// fastresnet.FineTuning were chosen by them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// settings are what the flags say.
type settings struct {
	seeds, width, epochs int
	recipe               string // of the first training; "" for RecipeFor's
	perClass             []int
	validate             bool
	ways                 []way
}

// way is a way to learn new classes. Without options it starts from scratch.
type way struct {
	name string
	opts func(model *fastresnet.Model, few *data.Dataset) []fastresnet.Option
}

// tuned is a way by the recipe of fine-tuning, changed.
func tuned(name string, change func(*fastresnet.Recipe), more ...fastresnet.Option) way {
	return way{name, func(model *fastresnet.Model, few *data.Dataset) []fastresnet.Option {
		r := fastresnet.FineTuning(model, few)
		change(&r)
		return append([]fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithRecipe(r)}, more...)
	}}
}

// waysByName are what -ways chooses from: those of the table, and those that the defaults were chosen from.
func waysByName() map[string][]way {
	as := func(*fastresnet.Recipe) {}
	decay := func(d float64) way {
		return tuned(fmt.Sprintf("decay %g", d), func(r *fastresnet.Recipe) { r.LayerDecay = d })
	}
	epochs := func(factor float64) way {
		return way{fmt.Sprintf("epochs x %g", factor), func(model *fastresnet.Model, few *data.Dataset) []fastresnet.Option {
			n := max(1, int(factor*float64(fastresnet.FineTuning(model, few).Epochs)))
			return []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithEpochs(n)}
		}}
	}
	batches := func(n int) way {
		return way{fmt.Sprintf("batches of %d", n), func(model *fastresnet.Model, few *data.Dataset) []fastresnet.Option {
			return []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithBatchSize(min(n, few.Len()))}
		}}
	}
	rates := func(factor float64) way {
		return way{fmt.Sprintf("rates x %g", factor), func(model *fastresnet.Model, few *data.Dataset) []fastresnet.Option {
			peak := factor * fastresnet.FineTuning(model, few).Schedule.Peak()
			return []fastresnet.Option{fastresnet.WithInitialModel(model), fastresnet.WithPeakRate(peak)}
		}}
	}
	return map[string][]way{
		"table": {
			{"from scratch", func(*fastresnet.Model, *data.Dataset) []fastresnet.Option { return nil }},
			tuned("classifier on frozen features", as, fastresnet.WithFrozen(fastresnet.Body)),
			tuned("fine-tuned", as),
		},
		"decays":  {decay(1), decay(0.7), decay(0.5), decay(0.3), decay(0.1)},
		"epochs":  {epochs(0.25), epochs(0.5), epochs(1), epochs(2)},
		"batches": {batches(8), batches(16), batches(32), batches(64)},
		"rates":   {rates(0.3), rates(1), rates(3), rates(10), rates(30)},
	}
}

func main() {
	log.SetFlags(0)
	var s settings
	ways := flag.String("ways", "table", "table, or what the defaults were chosen from: decays, epochs, batches, rates")
	perClass := flag.String("images", "10,50,250", "images a class")
	flag.IntVar(&s.seeds, "seeds", 5, "number of seeds")
	flag.IntVar(&s.width, "width", 16, "channels of the network's first stage")
	flag.IntVar(&s.epochs, "epochs", 4, "epochs on the first five classes")
	flag.StringVar(&s.recipe, "recipe", "", "recipe that the network is trained by (default that of a set of one's own, resnet9)")
	flag.BoolVar(&s.validate, "validate", false, "report accuracies on held-out training images, not on the test images")
	flag.Parse()
	s.ways = waysByName()[*ways]
	for n := range strings.SplitSeq(*perClass, ",") {
		images, err := strconv.Atoi(n)
		if err != nil || images < 1 {
			log.Fatalf("-images %s: need numbers, as in 10,50,250", *perClass)
		}
		s.perClass = append(s.perClass, images)
	}
	if len(s.ways) == 0 || flag.NArg() > 0 || s.seeds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := study(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// study prints the table.
func study(ctx context.Context, s settings) error {
	train, test, err := data.CIFAR10("")
	if err != nil {
		return err
	}
	classes := train.Classes()
	known, unknown := classes[:5], classes[5:]
	base, err := train.Only(known...)
	if err != nil {
		return err
	}
	images, err := train.Only(unknown...)
	if err != nil {
		return err
	}
	if test, err = test.Only(unknown...); err != nil {
		return err
	}
	if s.validate {
		if images, test, err = images.Split(0.2, 1); err != nil {
			return err
		}
	}
	recipe := fastresnet.RecipeFor(base)
	if s.recipe != "" {
		if recipe, err = fastresnet.RecipeByName(s.recipe); err != nil {
			return err
		}
	}
	fmt.Printf("trained on %v, then a few of each of %s; accuracy on %d images, mean and deviation of %d seeds\n\n",
		base, strings.Join(unknown, ", "), test.Len(), s.seeds)
	accuracies := map[string]map[int][]float64{}
	for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
		trained, err := fastresnet.Train(ctx, fastresnet.WithDataset(base, nil), fastresnet.WithRecipe(recipe), fastresnet.WithWidth(s.width), fastresnet.WithEpochs(s.epochs), fastresnet.WithSeed(seed))
		if err != nil {
			return err
		}
		for _, n := range s.perClass {
			few, err := someOfEach(images, n, seed)
			if err != nil {
				return err
			}
			for _, w := range s.ways {
				accuracy, err := w.accuracy(ctx, trained.Model, few, test, s.width, seed)
				if err != nil {
					return fmt.Errorf("%s, %d a class: %w", w.name, n, err)
				}
				if accuracies[w.name] == nil {
					accuracies[w.name] = map[int][]float64{}
				}
				accuracies[w.name][n] = append(accuracies[w.name][n], accuracy)
				log.Printf("seed %d, %d a class, %s: %.2f %%", seed, n, w.name, 100*accuracy)
			}
		}
		if err := trained.Model.Close(); err != nil {
			return err
		}
	}
	fmt.Print("| images a class |")
	for _, n := range s.perClass {
		fmt.Printf(" %d |", n)
	}
	fmt.Println("\n| --- |" + strings.Repeat(" --- |", len(s.perClass)))
	for _, w := range s.ways {
		fmt.Printf("| %s |", w.name)
		for _, n := range s.perClass {
			mean, deviation := meanAndDeviation(accuracies[w.name][n])
			fmt.Printf(" %.1f ± %.1f %% |", 100*mean, 100*deviation)
		}
		fmt.Println()
	}
	return nil
}

// accuracy is that on the test images of what learnt the few.
func (w way) accuracy(ctx context.Context, model *fastresnet.Model, few, test *data.Dataset, width int, seed uint64) (accuracy float64, err error) {
	opts := []fastresnet.Option{fastresnet.WithDataset(few, nil), fastresnet.WithSeed(seed)}
	more := w.opts(model, few)
	if more == nil {
		more = []fastresnet.Option{fastresnet.WithRecipe(fastresnet.RecipeFor(few)), fastresnet.WithWidth(width)}
	}
	result, err := fastresnet.Train(ctx, append(opts, more...)...)
	if result != nil {
		defer func() { err = errors.Join(err, result.Model.Close()) }()
	}
	if err != nil {
		return 0, err
	}
	e, err := result.Model.Evaluate(ctx, test)
	return e.Accuracy, err
}

// someOfEach is n images of each class, drawn by the seed.
func someOfEach(set *data.Dataset, n int, seed uint64) (*data.Dataset, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	byClass := make([][]int, len(set.Classes()))
	for _, i := range rng.Perm(set.Len()) {
		if class := set.Label(i); len(byClass[class]) < n {
			byClass[class] = append(byClass[class], i)
		}
	}
	return set.Subset(slices.Concat(byClass...))
}

// meanAndDeviation has the deviation of a sample; it is 0 for one value.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / max(1, float64(len(values)-1)))
}
