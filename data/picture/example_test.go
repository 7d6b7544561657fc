package picture_test

import (
	"context"
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
)

//go:embed testdata/folder
var pictures embed.FS

// Pictures that nobody has sorted, wherever in a folder they are.
func ExampleFind() {
	paths, err := picture.Find(context.Background(), pictures)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range paths {
		fmt.Println(path)
	}
	// Output:
	// testdata/folder/ring/1.png
	// testdata/folder/star/1.png
	// testdata/folder/star/2.png
}

// A folder with a folder for each class, here one that is part of the program.
func ExampleReader_FS() {
	reader := picture.Reader{
		Shape:    data.Shape{Height: 16, Width: 16, Channels: 3},
		Resizing: data.ResizeByPadding,
	}
	set, report, err := reader.FS(context.Background(), pictures)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set)
	for i := range set.Len() {
		fmt.Println(set.Name(i), "is a", set.Classes()[set.Label(i)])
	}
	fmt.Print(report)
	// Output:
	// 3 images of 16x16x3 in 2 classes
	// testdata/folder/ring/1.png is a ring
	// testdata/folder/star/1.png is a star
	// testdata/folder/star/2.png is a star
	// the folders of the classes are those in testdata/folder
	// not a picture of a class: testdata/folder/notes.txt
}

// Pictures that are decoded already, or drawn, are scaled as those of files are.
func ExampleReader_Images() {
	night, day := image.NewGray(image.Rect(0, 0, 640, 480)), image.NewUniform(color.RGBA{R: 130, G: 180, B: 255, A: 255})
	noon := image.NewRGBA(image.Rect(0, 0, 300, 400))
	draw.Draw(noon, noon.Bounds(), day, image.Point{}, draw.Src)

	set, _, err := picture.Reader{}.Images(context.Background(), []image.Image{night, noon}, []string{"night", "day"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set, set.Classes(), set.Labels())
	// Output: 2 images of 32x32x3 in 2 classes [day night] [1 0]
}

// What a reader came across beside the set.
func ExampleReport() {
	fmt.Print(picture.Report{
		Grey:    true,
		Cut:     0.25,
		Skipped: []picture.Problem{{Path: "cat/1.jpg", Err: picture.ErrBroken}},
		Ignored: []string{"2.jpg", "notes.txt"},
	})
	// Output:
	// all pictures are grey: images of one channel would do
	// 25 % of the average picture is cut off: other proportions, padding or stretching would keep it
	// left out: cat/1.jpg: the picture is damaged
	// left out: 2.jpg: it is in no folder of a class
	// not a picture of a class: notes.txt
}
