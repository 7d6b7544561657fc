package pretrained_test

import (
	"context"
	"fmt"
	"image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/pretrained"
)

// A model of three new classes, from a folder of pictures with a folder for each class.
func ExampleCIFAR10_fineTuning() {
	folder := drawPictures("disc", "ring", "star") // yours
	defer os.RemoveAll(folder)
	ctx := context.Background()

	pictures, _, err := picture.Reader{}.Folder(ctx, folder)
	check(err)
	train, test, err := pictures.Split(0.5, 1) // held out to see how good the model is
	check(err)
	start, err := pretrained.CIFAR10()
	check(err)
	defer start.Close()
	result, err := fastresnet.Train(ctx, fastresnet.WithDataset(train, nil), fastresnet.WithInitialModel(start), fastresnet.WithEpochs(10), fastresnet.WithBackend("go"))
	check(err)
	defer result.Model.Close()
	evaluation, err := result.Model.Evaluate(ctx, test)
	check(err)
	fmt.Println(train, "- good enough:", evaluation.Accuracy > 0.8)
	fmt.Println("started anew:", result.WarmStart.Anew)

	// Output:
	// 60 images of 32x32x3 in 3 classes - good enough: true
	// started anew: [classifier/weight]
}

// drawPictures draws 40 pictures of each of some classes into a folder.
func drawPictures(classes ...string) string {
	all, err := data.Synthetic(1000, 1)
	check(err)
	folder, err := os.MkdirTemp("", "pictures")
	check(err)
	for _, name := range classes {
		class := filepath.Join(folder, name)
		check(os.MkdirAll(class, 0o755))
		set, err := all.Only(name)
		check(err)
		for i := range 40 {
			file, err := os.Create(filepath.Join(class, fmt.Sprintf("%03d.png", i)))
			check(err)
			check(png.Encode(file, set.Image(i)))
			check(file.Close())
		}
	}
	return folder
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
