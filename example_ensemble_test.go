package fastresnet_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// seeded are two small models that differ by their seeds, and what they were trained on.
func seeded() ([]*fastresnet.Model, *data.Dataset) {
	set, err := data.Synthetic(32, 1)
	if err != nil {
		log.Fatal(err)
	}
	var models []*fastresnet.Model
	for seed := range uint64(2) {
		result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
			fastresnet.WithWidth(2), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1), fastresnet.WithSeed(seed))
		if err != nil {
			log.Fatal(err)
		}
		models = append(models, result.Model)
	}
	return models, set
}

// Models from different seeds answer together: each class is as probable as they find it on average.
func ExampleNewEnsemble() {
	models, set := seeded()
	ensemble, err := fastresnet.NewEnsemble(models...)
	if err != nil {
		log.Fatal(err)
	}
	defer ensemble.Close() // and the models with it
	together, err := ensemble.Predict(context.Background(), set.Image(0))
	if err != nil {
		log.Fatal(err)
	}
	mean := 0.
	for _, m := range models {
		alone, err := m.Predict(context.Background(), set.Image(0))
		if err != nil {
			log.Fatal(err)
		}
		mean += alone[0].Probabilities[3] / 2
	}
	fmt.Println(together[0].Probabilities[3] == mean)
	// Output: true
}

// The models at the ends of a run's last epochs, as one: an observer writes each, while the run goes on.
func ExampleMeanOfWeights() {
	set, err := data.Synthetic(32, 1)
	if err != nil {
		log.Fatal(err)
	}
	const epochs, last = 4, 3
	var training *fastresnet.Model
	var models []*fastresnet.Model
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(epochs),
		fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) { training = r.Model }, Epoch: func(e fastresnet.Epoch) {
			if e.Number <= epochs-last {
				return
			}
			var file bytes.Buffer
			if err := training.Write(&file); err != nil {
				log.Fatal(err)
			}
			m, err := fastresnet.ReadModel(&file, fastresnet.WithBackend("go"))
			if err != nil {
				log.Fatal(err)
			}
			models = append(models, m)
		}}))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	mean, err := fastresnet.MeanOfWeights(models, fastresnet.WithBackend("go"))
	if err != nil {
		log.Fatal(err)
	}
	defer mean.Close()
	for _, m := range models {
		m.Close() // the mean does not need them
	}
	predictions, err := mean.Predict(context.Background(), set.Image(0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(models), len(predictions), mean.Record().Weights)
	// Output: 3 1 mean
}
