// Quickstart trains a small residual network on images that it draws itself, and then shows what the
// network makes of images that it has never seen. It saves the model if a file is named, takes no flags, and
// downloads nothing.
//
//	go run ./examples/quickstart figures.safetensors
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/progress"
	"github.com/fastresnet/fastresnet/quiet"
)

const usage = `Usage: quickstart [FILE]

Trains a network on images that it draws itself, and shows the result. It saves the
model in the file, if there is one, for predict and serve.
`

func main() {
	quiet.Klog()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	file := "" // to save the model to
	switch {
	case len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]):
		fmt.Print(usage)
		return nil
	case len(args) > 0 && strings.HasPrefix(args[0], "-"):
		return fmt.Errorf("unexpected flag %s: there are none (-h for help)", args[0])
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q: there is one, the file to save to (-h for help)", args[1])
	case len(args) == 1:
		file = args[0]
	}
	if file != "" && !strings.HasSuffix(file, ".safetensors") {
		return fmt.Errorf("%s: need a name that ends in .safetensors", file)
	}

	// Ten classes of figures, drawn from one seed to train on, and from other seeds to test with.
	train, err := data.Synthetic(4000, 1)
	if err != nil {
		return err
	}
	test, err := data.Synthetic(1000, 2)
	if err != nil {
		return err
	}
	fmt.Printf("training on %d images of %v in %d classes ...\n", train.Len(), train.Shape(), len(train.Classes()))

	// The published recipe, made small enough for two cores and half a minute.
	result, err := fastresnet.Train(ctx,
		fastresnet.WithDataset(train, test),
		fastresnet.WithRecipe(fastresnet.ResNet9Epochs24()),
		fastresnet.WithWidth(8),
		fastresnet.WithBatchSize(128),
		fastresnet.WithEpochs(2),
		fastresnet.WithPeakRate(0.4), // high, for a run so short
		fastresnet.WithAugmentations(data.Crop{Pad: 4}, data.FlipLR{}),
		fastresnet.WithProgress(progress.Terminal(os.Stderr)),
	)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	if err != nil {
		return err
	}
	defer result.Model.Close()
	printResult(result)

	// What it makes of a few images that were in neither set.
	unseen, err := data.Synthetic(8, 3)
	if err != nil {
		return err
	}
	images := make([]image.Image, unseen.Len())
	for i := range images {
		images[i] = unseen.Image(i)
	}
	predictions, err := result.Model.Predict(ctx, images...)
	if err != nil {
		return err
	}
	fmt.Println("\nimages that it has never seen:")
	show(os.Stdout, unseen, predictions)

	if file == "" {
		return nil
	}
	if err := result.Model.Save(file); err != nil {
		return err
	}
	fmt.Printf("\nsaved; to try it: go run github.com/fastresnet/fastresnet/examples/serve -model %s\n", shellWord(file))
	return nil
}

// shellWord is a word as a shell takes it: bare, if there is nothing in it that means anything to one, else between quotation marks.
func shellWord(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-"
	if strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// printResult says how good the model is, what it ran on, and what could be better.
func printResult(r *fastresnet.Result) {
	fmt.Printf("%.1f %% of %d test images right\n", 100*r.TestAccuracy(), r.TestImages)
	fmt.Printf("%d epochs in %.1f s, %.0f images/s, on %s (%s)\n", len(r.Epochs), r.Timing.Total.Seconds(), r.Timing.ImagesPerSecond, r.Backend, r.Device)
	if r.TestAccuracy() < 0.9 {
		fmt.Println("That is less than the 90 % that this run should reach: something is wrong.")
	}
}
