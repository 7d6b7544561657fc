package fastresnet_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// noise adds a random amount to every value of an image. Its settings are its fields.
type noise struct {
	most float64 // standard deviations of the training set, up or down
}

// Validate says which settings and which images it is for: here, images of any shape.
func (n noise) Validate(data.Shape) error {
	if !(n.most >= 0 && n.most <= 1) {
		return fmt.Errorf("%w: %v, need 0 to 1", data.ErrAugmentation, n)
	}
	return nil
}

// Draw draws one number for each image, from which Apply makes the noise. All that is random comes from rng.
func (noise) Draw(rng *rand.Rand, images int, _ data.Shape) []int32 {
	choices := make([]int32, images)
	for i := range choices {
		choices[i] = rng.Int32()
	}
	return choices
}

// Apply writes the noisy image to dst. The same choice always makes the same noise.
func (n noise) Apply(dst, src []float32, image data.Shape, choice []int32) {
	rng := rand.New(rand.NewPCG(uint64(choice[0]), 0))
	for i, value := range src[:image.Size()] {
		dst[i] = value + float32(n.most*(2*rng.Float64()-1))
	}
}

// String names the settings: by it a resumed run is compared with its checkpoint.
func (n noise) String() string { return fmt.Sprintf("noise of up to %g", n.most) }

// An augmentation of your own is a type with the methods of data.Augmentation.
func ExampleWithAugmentations() {
	train, err := data.Synthetic(200, 1)
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(),
		fastresnet.WithDataset(train, nil),
		fastresnet.WithWidth(2),
		fastresnet.WithBatchSize(100),
		fastresnet.WithEpochs(1),
		fastresnet.WithAugmentations(data.Crop{Pad: 4}, noise{most: 0.2}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	fmt.Println(result.Recipe.Augmentations)
	// Output:
	// [crop 4 noise of up to 0.2]
}
