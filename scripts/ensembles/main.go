// Command ensembles measures on CIFAR-10 what it gains to take several models together, and prints the tables of
// docs/models.md.
//
//	go run ./scripts/ensembles [-runs N] [-images N] [-epochs N] [-width N] [-batch N] [-last N] [-backend NAME]
//
// It trains the default recipe, stretched to the epochs, once for each of the seeds 1 to -runs, on the first images of
// the training set, and then the same with a learning rate that stays at its peak. Of each run it keeps the models at
// the ends of the last epochs. The test set is looked at when all have been trained, and nothing is chosen by it.
// CIFAR-10 is found as data.CIFAR10 finds it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"runtime"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/schedule"
)

func main() {
	log.SetFlags(0)
	var s study
	flag.IntVar(&s.runs, "runs", 5, "runs of each schedule, at least 2")
	flag.IntVar(&s.images, "images", 20_000, "training images")
	flag.IntVar(&s.epochs, "epochs", 4, "epochs of a run")
	flag.IntVar(&s.width, "width", 16, "width of resnet9")
	flag.IntVar(&s.batch, "batch", 128, "images a step")
	flag.IntVar(&s.last, "last", 3, "epochs of a run whose models are taken together, up to -epochs")
	flag.StringVar(&s.backend, "backend", "auto", "what computes")
	flag.Parse()
	if s.runs < 2 || s.last < 1 || s.last > s.epochs {
		log.Fatal("need 2 runs at least, and no more last epochs than epochs")
	}
	if err := s.measure(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// study is what is measured.
type study struct {
	runs, images, epochs, width, batch, last int
	backend                                  string

	train, test *data.Dataset
}

func (s *study) measure(ctx context.Context) error {
	began := time.Now()
	train, test, err := data.CIFAR10("")
	if err != nil {
		return err
	}
	if s.train, err = train.Slice(0, s.images); err != nil {
		return err
	}
	s.test = test
	fmt.Printf("%s, %s/%s, %d processors; resnet9 of width %d, %d images, batches of %d, %d epochs, seeds 1 to %d\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), s.width, s.images, s.batch, s.epochs, s.runs)
	for _, rates := range []struct {
		name string
		keep bool
	}{{"the rate falls to 0", false}, {"the rate stays at its peak", true}} {
		var runs [][]*fastresnet.Model // the models of the last epochs, by run
		for seed := range s.runs {
			models, err := s.run(ctx, uint64(1+seed), rates.keep)
			if err != nil {
				return err
			}
			runs = append(runs, models)
		}
		fmt.Printf("\n| %s | accuracy | loss |\n| --- | --- | --- |\n", rates.name)
		if err := s.compare(ctx, runs); err != nil {
			return err
		}
	}
	fmt.Printf("\n%.0f min\n", time.Since(began).Minutes())
	return nil
}

// run trains, and returns the models at the ends of the last epochs.
func (s *study) run(ctx context.Context, seed uint64, keepRate bool) (models []*fastresnet.Model, err error) {
	options := []fastresnet.Option{
		fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()), fastresnet.WithDataset(s.train, nil), fastresnet.WithBackend(s.backend),
		fastresnet.WithWidth(s.width), fastresnet.WithBatchSize(s.batch), fastresnet.WithEpochs(s.epochs), fastresnet.WithSeed(seed),
	}
	if keepRate {
		recipe := fastresnet.ResNet9Epochs24()
		rise := float64(s.epochs) / float64(recipe.Epochs)
		rates := recipe.Schedule.Stretch(rise).Scale(float64(s.batch) / float64(recipe.BatchSize))
		options = append(options, fastresnet.WithSchedule(schedule.Schedule{rates[0], rates[1]})) // whose last rate is held
	}
	var training *fastresnet.Model
	var failed error
	options = append(options,
		fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) { training = r.Model }, Epoch: func(e fastresnet.Epoch) {
			if e.Number <= s.epochs-s.last || failed != nil {
				return
			}
			var file bytes.Buffer
			if failed = training.Write(&file); failed != nil {
				return
			}
			var m *fastresnet.Model
			if m, failed = fastresnet.ReadModel(&file, fastresnet.WithBackend(s.backend)); failed == nil {
				models = append(models, m)
			}
		}}))
	result, err := fastresnet.Train(ctx, options...)
	if err != nil {
		return nil, err
	}
	return models, errors.Join(failed, result.Model.Close())
}

// compare prints how well the models do by themselves and together, and closes them.
func (s *study) compare(ctx context.Context, runs [][]*fastresnet.Model) error {
	var finals []*fastresnet.Model
	var single, epochs, epochsMean figures
	for _, models := range runs {
		defer func() {
			for _, m := range models {
				m.Close()
			}
		}()
		finals = append(finals, models[len(models)-1])
		if err := errors.Join(
			single.evaluate(ctx, finals[len(finals)-1], s.test),
			epochs.ensemble(ctx, models, s.test),
			epochsMean.mean(ctx, models, s.test, s.backend)); err != nil {
			return err
		}
	}
	var together, mean figures
	if err := errors.Join(together.ensemble(ctx, finals, s.test), mean.mean(ctx, finals, s.test, s.backend)); err != nil {
		return err
	}
	byLogits, err := byLogits(ctx, finals, s.test)
	if err != nil {
		return err
	}
	for _, row := range []struct {
		name string
		figures
	}{
		{fmt.Sprintf("one model, %d of them", len(runs)), single},
		{fmt.Sprintf("ensemble of the %d, by probabilities", len(runs)), together},
		{fmt.Sprintf("ensemble of the %d, by logits", len(runs)), byLogits},
		{fmt.Sprintf("mean of the weights of the %d", len(runs)), mean},
		{fmt.Sprintf("ensemble of the last %d epochs of a run", s.last), epochs},
		{fmt.Sprintf("mean of the weights of the last %d epochs of a run", s.last), epochsMean},
	} {
		fmt.Printf("| %s | %s | %s |\n", row.name, spread(row.accuracies, 100, "%.2f", " %"), spread(row.losses, 1, "%.3f", ""))
	}
	return nil
}

// figures are those of models on the test set.
type figures struct{ accuracies, losses []float64 }

// classifier is a model or several.
type classifier interface {
	Evaluate(context.Context, *data.Dataset) (fastresnet.Evaluation, error)
}

func (f *figures) evaluate(ctx context.Context, c classifier, test *data.Dataset) error {
	e, err := c.Evaluate(ctx, test)
	f.accuracies, f.losses = append(f.accuracies, e.Accuracy), append(f.losses, e.Loss)
	return err
}

func (f *figures) ensemble(ctx context.Context, models []*fastresnet.Model, test *data.Dataset) error {
	e, err := fastresnet.NewEnsemble(models...)
	if err != nil {
		return err
	}
	return f.evaluate(ctx, e, test)
}

func (f *figures) mean(ctx context.Context, models []*fastresnet.Model, test *data.Dataset, backend string) error {
	m, err := fastresnet.MeanOfWeights(models, fastresnet.WithBackend(backend))
	if err != nil {
		return err
	}
	defer m.Close()
	return f.evaluate(ctx, m, test)
}

// byLogits has models answer by the mean of their logits: a logit is the logarithm of a probability, but for a number
// that an image's classes have in common.
func byLogits(ctx context.Context, models []*fastresnet.Model, test *data.Dataset) (f figures, err error) {
	logits := make([][]float64, test.Len())
	for _, m := range models {
		predictions, err := m.PredictDataset(ctx, test)
		if err != nil {
			return f, err
		}
		for i, p := range predictions {
			if logits[i] == nil {
				logits[i] = make([]float64, len(p.Probabilities))
			}
			for class, q := range p.Probabilities {
				logits[i][class] += math.Log(q) / float64(len(models))
			}
		}
	}
	right, loss := 0., 0.
	for i, row := range logits {
		best, sum := 0, 0.
		for class, v := range row {
			if v > row[best] {
				best = class
			}
			sum += math.Exp(v)
		}
		if best == test.Label(i) {
			right++
		}
		loss += math.Log(sum) - row[test.Label(i)]
	}
	n := float64(test.Len())
	return figures{[]float64{right / n}, []float64{loss / n}}, nil
}

// spread is the mean of values, and of several their standard deviation, that of a sample.
func spread(values []float64, scale float64, format, unit string) string {
	mean, deviation := 0., 0.
	for _, v := range values {
		mean += scale * v / float64(len(values))
	}
	text := fmt.Sprintf(format, mean)
	if len(values) > 1 {
		for _, v := range values {
			deviation += (scale*v - mean) * (scale*v - mean) / float64(len(values)-1)
		}
		text += " ± " + fmt.Sprintf(format, math.Sqrt(deviation))
	}
	return text + unit
}
