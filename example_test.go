package fastresnet_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// The whole job: CIFAR-10 with the default recipe, on the best backend there is.
func ExampleTrain() {
	result, err := fastresnet.Train(context.Background(),
		fastresnet.WithEpochCallback(func(e fastresnet.Epoch) {
			fmt.Printf("epoch %d: %.1f %% of the test set\n", e.Number, 100*e.TestAccuracy)
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	fmt.Printf("%.2f %% in %v on %s\n", 100*result.TestAccuracy(), result.Timing.Train, result.Device)
}

// Training on images of one's own, and using the model.
func ExampleTrain_dataset() {
	train, err := data.Synthetic(1000, 1)
	if err != nil {
		log.Fatal(err)
	}
	test, err := data.Synthetic(100, 2)
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(),
		fastresnet.WithDataset(train, test),
		fastresnet.WithWidth(8),
		fastresnet.WithBatchSize(100),
		fastresnet.WithEpochs(4),
		fastresnet.WithSchedule(schedule.SlantedOneCycle(0.2, 1, 4)),
		fastresnet.WithAugmentations(data.Crop{Pad: 4}, data.FlipLR{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	predictions, err := result.Model.Predict(context.Background(), test.Image(0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(predictions[0].Label, predictions[0].Probability)
}

// All problems with the options are reported together, before anything is touched.
func ExampleOption() {
	_, err := fastresnet.Train(context.Background(),
		fastresnet.WithWidth(-1),
		fastresnet.WithBatchSize(0),
	)
	fmt.Println(errors.Is(err, fastresnet.ErrOption))
	fmt.Println(err)
	// Output:
	// true
	// invalid option: batch size 0, need at least 1
	// invalid option: width -1, need at least 1
}

// A recipe is a value: copy it, change it, run it.
func ExampleRecipe() {
	r := fastresnet.ResNet9Epochs24
	r.Epochs = 12
	r.Schedule = r.Schedule.Stretch(0.5)
	fmt.Println(r.Schedule, r.Schedule.At(1.25))
	// Output:
	// 0:0 2.5:0.4 12:0 0.2
}

func ExampleRecipes() {
	for _, r := range fastresnet.Recipes() {
		fmt.Printf("%s: %d epochs, %.1f %% published\n", r.Name, r.Epochs, 100*r.Published.Accuracy)
	}
	// Output:
	// resnet9-20: 20 epochs, 93.8 % published
	// resnet9-24: 24 epochs, 94.1 % published
}

// A network is data too: this one has no residual branches.
func ExampleWithNetwork() {
	backbone := layers.Network{Name: "tiny", Input: data.Shape{Height: 32, Width: 32, Channels: 3}, Layers: []layers.Layer{
		layers.Conv{Name: "conv", Out: 16, Kernel: 3, Stride: 2},
		layers.BatchNorm{Name: "norm"},
		layers.ReLU{},
		layers.GlobalMeanPool{},
		layers.Linear{Name: "classifier", Out: 10, Bias: true},
	}}
	option := fastresnet.WithNetwork(backbone)
	fmt.Println(backbone.Parameters(), option != nil)
	// Output: 634 true
}
