package fastresnet_test

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
	"github.com/fastresnet/fastresnet/plot"
)

// From a folder of pictures, one folder for each class, to a model in a file, and from that to an answer.
func ExampleTrain_pictures() {
	folder := drawPictures("disc", "ring", "star", "dots") // yours
	defer os.RemoveAll(folder)
	ctx := context.Background()

	pictures, skipped, err := picture.Reader{SkipUnreadable: true}.Folder(ctx, folder)
	check(err)
	fmt.Println(pictures, "-", len(skipped.Skipped), "could not be read:", skipped.Skipped[0].Path)
	train, test, err := pictures.Split(0.2, 1) // held out to see how good the model is
	check(err)

	result, err := fastresnet.Train(ctx, fastresnet.WithDataset(train, test), fastresnet.WithBackend("go"), fastresnet.WithWidth(8), fastresnet.WithEpochs(15))
	check(err)
	defer result.Model.Close()
	evaluation, err := result.Model.Evaluate(ctx, test)
	check(err)
	fmt.Println("good enough:", evaluation.Accuracy > 0.9, evaluation.PerClass()[0].Recall > 0.5)

	curves, err := os.Create(filepath.Join(folder, "curves.png"))
	check(err)
	check(plot.Curves(result.Record).PNG(curves, plot.Style{}))
	check(curves.Close())

	file := filepath.Join(folder, "model.safetensors")
	check(result.Model.Save(file))
	model, err := fastresnet.Load(file) // in another program; or go:embed the file, and ReadModel
	check(err)
	defer model.Close()
	img, err := picture.Open(ctx, filepath.Join(folder, test.Name(0)))
	check(err)
	predictions, err := model.Predict(ctx, img)
	check(err)
	fmt.Println("it knows one when it sees one:", predictions[0].Label == test.Classes()[test.Label(0)])

	// Output:
	// 400 images of 32x32x3 in 4 classes - 1 could not be read: disc/broken.png
	// good enough: true true
	// it knows one when it sees one: true
}

// drawPictures draws pictures of some classes into a folder, and adds a file that is none.
func drawPictures(classes ...string) string {
	all, err := data.Synthetic(1000, 1)
	check(err)
	set, err := all.Only(classes...)
	check(err)
	folder, err := os.MkdirTemp("", "pictures")
	check(err)
	for i := range set.Len() {
		class := filepath.Join(folder, set.Classes()[set.Label(i)])
		check(os.MkdirAll(class, 0o755))
		file, err := os.Create(filepath.Join(class, fmt.Sprintf("%03d.png", i)))
		check(err)
		check(png.Encode(file, set.Image(i)))
		check(file.Close())
	}
	check(os.WriteFile(filepath.Join(folder, "disc", "broken.png"), []byte("\x89PNG\r\n"), 0o644))
	return folder
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
