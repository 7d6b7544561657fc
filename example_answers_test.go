package fastresnet_test

import (
	"context"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/neighbours"
)

// All pictures of a folder that nobody has sorted yet.
func ExampleModel_PredictDataset() {
	ctx := context.Background()
	model, _ := trainedModel()
	defer model.Close()
	folder := drawUnsorted(3) // yours
	defer os.RemoveAll(folder)

	files := os.DirFS(folder)
	names, err := fs.Glob(files, "*.png")
	check(err)
	list := make([]picture.Labelled, len(names))
	for i, name := range names {
		list[i] = picture.Labelled{Path: name, Class: model.Classes()[0]} // any: PredictDataset does not look at it
	}
	reader := picture.Reader{Shape: model.Network().Input, Resizing: model.Resizing(), Classes: model.Classes(), SkipUnreadable: true}
	set, skipped, err := reader.Pictures(ctx, files, list)
	check(err)
	predictions, err := model.PredictDataset(ctx, set)
	check(err)
	for i, p := range predictions {
		fmt.Println(set.Name(i), p.Label)
	}
	fmt.Println("not read:", skipped.Skipped[0].Path)
	// Output:
	// 0.png disc
	// 1.png ring
	// 2.png star
	// not read: broken.png
}

// A model that says that it does not know, in place of a guess: of what it still answers, 95 % should be right.
func ExampleModel_SetThreshold() {
	ctx := context.Background()
	model, heldOut := trainedModel()
	defer model.Close()
	evaluation, err := model.Evaluate(ctx, heldOut)
	check(err)
	probability, answered, ok := evaluation.ThresholdFor(0.95)
	if !ok {
		fmt.Println("no threshold makes it as good as that")
		return
	}
	fmt.Println("answers some:", answered > 0)
	check(model.SetThreshold(probability)) // predictions below it are Unknown; Save keeps it
	evaluation, err = model.Evaluate(ctx, heldOut)
	check(err)
	fmt.Println("and is right about them:", evaluation.AnsweredAccuracy >= 0.95)
	// Output:
	// answers some: true
	// and is right about them: true
}

// The images of a set that are most like another one, by what the network sees in them.
func ExampleModel_EmbedDataset() {
	ctx := context.Background()
	model, set := trainedModel()
	defer model.Close()
	vectors, err := model.EmbedDataset(ctx, set)
	check(err)
	index, err := neighbours.New(vectors)
	check(err)
	query, err := model.Embed(ctx, set.Image(7))
	check(err)
	nearest, err := index.Nearest(query[0], 2)
	check(err)
	fmt.Printf("itself: %d, %.2f\n", nearest[0].Index, nearest[0].Similarity)
	fmt.Println("and one of the same class:", set.Label(nearest[1].Index) == set.Label(7))
	// Output:
	// itself: 7, 1.00
	// and one of the same class: true
}

// A file of a quarter of the size, for a program that carries its model with it.
func ExampleWithStorage() {
	model, _ := trainedModel()
	defer model.Close()
	var plain, small counter
	check(model.Write(&plain))
	check(model.Write(&small, fastresnet.WithStorage(fastresnet.StoreInt8)))
	fmt.Println(small < plain)
	// Output: true
}

// counter is a writer that only counts.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// trainedModel is a small model that knows its classes, and images that it has not seen.
func trainedModel() (*fastresnet.Model, *data.Dataset) {
	all, err := data.Synthetic(1000, 1)
	check(err)
	all, err = all.Only("disc", "ring", "star", "dots")
	check(err)
	train, heldOut, err := all.Split(0.2, 1)
	check(err)
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(train, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(8), fastresnet.WithEpochs(15))
	check(err)
	return result.Model, heldOut
}

// drawUnsorted draws one picture of each of the first n classes into a folder, and adds a file that is none.
func drawUnsorted(n int) string {
	all, err := data.Synthetic(100, 2)
	check(err)
	set, err := all.Only("disc", "ring", "star", "dots")
	check(err)
	folder, err := os.MkdirTemp("", "unsorted")
	check(err)
	for class := range n {
		image := 0
		for set.Label(image) != class {
			image++
		}
		file, err := os.Create(filepath.Join(folder, fmt.Sprintf("%d.png", class)))
		check(err)
		check(png.Encode(file, set.Image(image)))
		check(file.Close())
	}
	check(os.WriteFile(filepath.Join(folder, "broken.png"), []byte("\x89PNG\r\n"), 0o644))
	return folder
}
