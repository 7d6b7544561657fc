package fastresnet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// The whole job: CIFAR-10 with the default recipe, on the best backend there is.
func ExampleTrain() {
	result, err := fastresnet.Train(context.Background(),
		fastresnet.WithProgress(fastresnet.Observer{Epoch: func(e fastresnet.Epoch) {
			fmt.Printf("epoch %d: %.1f %% of the test set\n", e.Number, 100*e.TestAccuracy)
		}}))
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
		fastresnet.WithSchedule(schedule.OneCycle(0.2, 1, 4)),
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
	// invalid option: layers: invalid network: design "resnet9": width -1, need 1 to 65536
}

// A recipe is a value: copy it, change it, run it.
func ExampleRecipe() {
	r := fastresnet.ResNet9Epochs24()
	r.Epochs = 12
	r.Schedule = r.Schedule.Stretch(0.5)
	fmt.Println(r.Schedule, r.Schedule.At(1.25))
	// Output:
	// 0:0 2.5:0.4 12:0 0.2
}

// A model that was saved and is used elsewhere: in another program, or on another backend.
func ExampleLoad() {
	model, err := fastresnet.Load("model.safetensors", fastresnet.WithBackend("go"))
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	fmt.Printf("%.1f %% with the recipe %s\n", 100*model.Record().TestAccuracy(), model.Record().Recipe.Name)
}

// A program carries its model with it where the variable is filled by go:embed:
//
//	//go:embed model.safetensors
//	var embedded []byte
func ExampleReadModel() {
	embedded, set := trainedFile()
	model, err := fastresnet.ReadModel(bytes.NewReader(embedded), fastresnet.WithBackend("go"))
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	predictions, err := model.Predict(context.Background(), set.Image(0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(predictions), len(predictions[0].Probabilities), model.Record().Recipe.Epochs)
	// Output: 1 10 1
}

// trainedFile is the file of a small model, and what it was trained on.
func trainedFile() ([]byte, *data.Dataset) {
	set, err := data.Synthetic(32, 1)
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	var file bytes.Buffer
	if err := result.Model.Write(&file); err != nil {
		log.Fatal(err)
	}
	return file.Bytes(), set
}

// A trained model as a file for ONNX Runtime.
func ExampleModel_ExportONNX() {
	result, err := fastresnet.Train(context.Background(), fastresnet.WithWidth(16))
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	file, err := os.Create("model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	if err := result.Model.ExportONNX(file); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil { // what is not yet on the disk is written now
		log.Fatal(err)
	}
}

// The three best guesses, as from a model's Predict.
func ExamplePrediction_Top() {
	p := fastresnet.Prediction{
		Probabilities: []float64{0.125, 0.5, 0.125, 0.25},
		Labels:        []string{"bird", "cat", "deer", "dog"},
	}
	for _, s := range p.Top(3) {
		fmt.Printf("%-4s %4.1f %%\n", s.Label, 100*s.Probability)
	}
	// Output:
	// cat  50.0 %
	// dog  25.0 %
	// bird 12.5 %
}

// The rungs of the source series, of which every sixth is shown.
func ExampleLadder() {
	for i, r := range fastresnet.Ladder() {
		if rung := i + 1; rung%6 == 0 {
			fmt.Printf("%2d %-15s %d epochs, %s\n", rung, r.Name, r.Epochs, r.Description)
		}
	}
	// Output:
	//  6 dawn-norm32     35 epochs, batch norm in single precision
	// 12 plain-pool      20 epochs, max-pools in place of strides
	// 18 resnet9-24      24 epochs, four more epochs
	// 24 frozen-scales   17 epochs, norm scales frozen at 1, biases learn faster
}

// A recipe as JSON, edited and read back. A field that does not exist is an error.
func ExampleRecipe_json() {
	text, err := json.Marshal(fastresnet.ResNet9Epochs24())
	if err != nil {
		log.Fatal(err)
	}
	edited := strings.Replace(string(text), `"epochs":24`, `"epochs":30`, 1)
	var recipe fastresnet.Recipe
	if err := json.Unmarshal([]byte(edited), &recipe); err != nil {
		log.Fatal(err)
	}
	fmt.Println(recipe.Name, recipe.Epochs)
	misspelt := strings.Replace(edited, `"momentum"`, `"momentun"`, 1)
	fmt.Println(json.Unmarshal([]byte(misspelt), &recipe))
	// Output:
	// resnet9-24 30
	// invalid option: recipe: nesterov: json: unknown field "momentun"
}

// A network is data too: this one has no residual branches.
func ExampleWithArchitecture() {
	backbone := layers.Network{Name: "tiny", Input: data.Shape{Height: 32, Width: 32, Channels: 3}, Layers: []layers.Layer{
		layers.Conv{Name: "conv", Out: 16, Kernel: 3, Stride: 2},
		layers.BatchNorm{Name: "norm"},
		layers.ReLU{},
		layers.GlobalMeanPool{},
		layers.Linear{Name: "classifier", Out: 10, Bias: true},
	}}
	option := fastresnet.WithArchitecture(backbone)
	fmt.Println(backbone.Parameters(), option != nil)
	// Output: 634 true
}
