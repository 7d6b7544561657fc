// Command storage saves a trained model in every format that a file can have, and prints the table of docs/models.md: the
// size of the file, and what the model that is loaded from it makes of CIFAR-10's test images. Its answers are compared
// with those of float32.
//
//	go run ./scripts/storage -model FILE [-data DIR] [-backend NAME]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

func main() {
	log.SetFlags(0)
	file := flag.String("model", "", "`file` of a model that was trained on CIFAR-10, as cifar10 -save writes it")
	folder := flag.String("data", "", "`folder` of CIFAR-10 (default that of FASTRESNET_DATA)")
	backend := flag.String("backend", "go", "`name` of what computes")
	flag.Parse()
	if *file == "" || flag.NArg() > 0 {
		log.Fatal("usage: storage -model FILE [-data DIR] [-backend NAME]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, *file, *folder, *backend); err != nil {
		log.Fatal(err)
	}
}

// compare prints the table.
func compare(ctx context.Context, file, folder, backend string) error {
	_, test, err := data.CIFAR10(folder)
	if err != nil {
		return err
	}
	model, err := fastresnet.Load(file, fastresnet.WithBackend(backend))
	if err != nil {
		return err
	}
	defer model.Close()
	fmt.Printf("%s: %d parameters, %d test images\n\n", model.Network().Name, model.Network().Parameters(), test.Len())
	fmt.Println("| storage | bytes | of float32 | accuracy | loss | other answers | right before | right now | largest change of a probability |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var whole stored
	for _, storage := range []fastresnet.Storage{fastresnet.StoreFloat32, fastresnet.StoreFloat16, fastresnet.StoreInt8} {
		s, err := store(ctx, model, storage, test, backend)
		if err != nil {
			return fmt.Errorf("%s: %w", storage, err)
		}
		if storage == fastresnet.StoreFloat32 {
			whole = s
		}
		d := s.less(whole, test.Labels())
		fmt.Printf("| %s | %d | %.1f %% | %.2f %% | %.5f | %d | %d | %d | %.2g |\n", storage, s.bytes, 100*float64(s.bytes)/float64(whole.bytes),
			100*s.accuracy, s.loss, d.answers, d.before, d.now, d.probability)
	}
	return nil
}

// stored is a model as a file, and what it does once it has been read from there.
type stored struct {
	bytes          int
	accuracy, loss float64
	predictions    []fastresnet.Prediction
}

func store(ctx context.Context, model *fastresnet.Model, storage fastresnet.Storage, test *data.Dataset, backend string) (s stored, err error) {
	var file bytes.Buffer
	if err := model.Write(&file, fastresnet.WithStorage(storage)); err != nil {
		return s, err
	}
	s.bytes = file.Len()
	loaded, err := fastresnet.ReadModel(&file, fastresnet.WithBackend(backend))
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, loaded.Close()) }()
	if s.predictions, err = loaded.PredictDataset(ctx, test); err != nil {
		return s, err
	}
	right := 0
	for i, label := range test.Labels() {
		p := s.predictions[i]
		if p.Class == label {
			right++
		}
		s.loss -= math.Log(p.Probabilities[label])
	}
	n := float64(test.Len())
	s.accuracy, s.loss = float64(right)/n, s.loss/n
	return s, nil
}

// difference is what two models make of the same images.
type difference struct {
	answers, before, now int     // other classes, and how many of those were and are right
	probability          float64 // of any class, the largest
}

// less compares with another's predictions.
func (s stored) less(other stored, labels []int) (d difference) {
	for i, p := range s.predictions {
		o := other.predictions[i]
		if p.Class != o.Class {
			d.answers++
			switch labels[i] {
			case o.Class:
				d.before++
			case p.Class:
				d.now++
			}
		}
		for class, probability := range p.Probabilities {
			d.probability = max(d.probability, math.Abs(probability-o.Probabilities[class]))
		}
	}
	return d
}
