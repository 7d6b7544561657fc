package data_test

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet/data"
)

// Two grey images of 1x2 pixels, one of each class.
func ExampleNew() {
	d, err := data.New([]uint8{10, 20, 30, 40}, data.Shape{Height: 1, Width: 2, Channels: 1},
		[]int{1, 0}, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Len(), "images of", d.Shape())
	fmt.Println("the first is a", d.Classes()[d.Label(0)])
	// Output:
	// 2 images of 1x2x1
	// the first is a dog
}

// A label that is no class is an error that says where it is.
func ExampleNew_error() {
	_, err := data.New([]uint8{10, 20}, data.Shape{Height: 1, Width: 1, Channels: 1},
		[]int{0, 2}, []string{"cat", "dog"})
	fmt.Println(errors.Is(err, data.ErrFormat))
	fmt.Println(err)
	// Output:
	// true
	// invalid data: label 2 of image 1 is not in 0 to 1
}

// Data that is not there is an error of its own, so that a program can offer to get it.
func ExampleCIFAR10() {
	_, _, err := data.CIFAR10("no/such/folder")
	fmt.Println(errors.Is(err, data.ErrNotFound))
	fmt.Println(err)
	// Output:
	// true
	// data not found: CIFAR-10: there is no no/such/folder
}

func ExampleDataset_Normalization() {
	d, err := data.New([]uint8{2, 4, 4, 4, 5, 5, 7, 9}, data.Shape{Height: 2, Width: 2, Channels: 1},
		[]int{0, 0}, []string{"any"})
	if err != nil {
		fmt.Println(err)
		return
	}
	n := d.Normalization()
	pixels := make([]float32, d.Len()*d.Shape().Size())
	n.Apply(pixels, d.Pixels())
	fmt.Println(n.Mean, n.Std)
	fmt.Println(pixels)
	// Output:
	// [5] [2]
	// [-1.5 -0.5 -0.5 -0.5 0 0 1 2]
}

// The reflection at an edge does not repeat the pixel at the edge.
func ExampleCrop() {
	image := data.Shape{Height: 3, Width: 4, Channels: 1}
	pixels := []float32{
		1, 2, 3, 4,
		5, 6, 7, 8,
		9, 10, 11, 12,
	}
	crop := data.Crop{Pad: 2}
	if err := crop.Validate(image); err != nil {
		fmt.Println(err)
		return
	}
	moved := make([]float32, image.Size())
	crop.Apply(moved, pixels, image, []int32{2, 0}) // the same rows, from 2 pixels further left
	fmt.Println(moved[:4], moved[4:8], moved[8:])
	// Output:
	// [3 2 1 2] [7 6 5 6] [11 10 9 10]
}

// Choices are drawn for many images at once, and then applied one by one.
func ExampleAugmentation() {
	image := data.Shape{Height: 2, Width: 3, Channels: 1}
	pixels := []float32{
		1, 2, 3,
		4, 5, 6,
	}
	const n = 3 // the same image three times
	rng := rand.New(rand.NewPCG(4, 0))
	var flip data.Augmentation = data.FlipLR{}
	choices := flip.Draw(rng, n, image)
	k := len(choices) / n
	changed := make([]float32, image.Size())
	for i := range n {
		flip.Apply(changed, pixels, image, choices[i*k:(i+1)*k])
		fmt.Println(choices[i], changed)
	}
	// Output:
	// 1 [3 2 1 6 5 4]
	// 0 [1 2 3 4 5 6]
	// 1 [3 2 1 6 5 4]
}

// A fifth of each class is held out to test with.
func ExampleDataset_Split() {
	set, err := data.Synthetic(1000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	train, test, err := set.Split(0.2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train)
	fmt.Println(test)
	fmt.Println(set.ClassCounts()[0], "discs:", train.ClassCounts()[0], "and", test.ClassCounts()[0])
	// Output:
	// 800 images of 32x32x3 in 10 classes
	// 200 images of 32x32x3 in 10 classes
	// 100 discs: 80 and 20
}

// Each image is tested with once, by who has not trained on it.
func ExampleDataset_Folds() {
	set, err := data.Synthetic(90, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	folds, err := set.Folds(3, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, fold := range folds {
		train, test, err := fold.Sets()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(train.Len(), "to train on,", test.Len(), "to test with")
	}
	// Output:
	// 60 to train on, 30 to test with
	// 60 to train on, 30 to test with
	// 60 to train on, 30 to test with
}

// An image to test with that is trained on, too, makes the test look too good.
func ExampleDuplicates() {
	shape := data.Shape{Height: 1, Width: 2, Channels: 1}
	train, err := data.New([]uint8{10, 20, 30, 40}, shape, []int{0, 1}, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
		return
	}
	test, err := data.New([]uint8{30, 40, 50, 60}, shape, []int{1, 1}, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, places := range data.Duplicates(train, test) {
		for _, p := range places {
			fmt.Printf("image %d of set %d\n", p.Image, p.Set)
		}
	}
	// Output:
	// image 1 of set 0
	// image 0 of set 1
}

// Of images that are there more than once the first is kept; none of them where their labels differ.
func ExampleDuplicates_leaveOut() {
	set, err := data.New([]uint8{10, 20, 30, 10, 40, 30}, data.Shape{Height: 1, Width: 1, Channels: 1},
		[]int{0, 0, 1, 0, 1, 0}, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
		return
	}
	leftOut := map[int]bool{}
	for _, group := range data.Duplicates(set) {
		first := group[0].Image
		for _, p := range group[1:] {
			leftOut[p.Image] = true
			if set.Label(p.Image) != set.Label(first) {
				leftOut[first] = true // one of the labels is wrong, and it is not known which
			}
		}
	}
	var kept []int
	for i := range set.Len() {
		if !leftOut[i] {
			kept = append(kept, i)
		}
	}
	set, err = set.Subset(kept)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(kept, set.ClassCounts())
	// Output:
	// [0 1 4] [2 1]
}
