package fastresnet

import (
	"context"
	"errors"
	"image"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
)

// EmbeddingSize is the length of the vectors of [Model.Embed]: the number of features that the network's classifier is
// given. It is 0 if there are none, as [layers.Network.Body] says, or the model is nil or zero.
func (m *Model) EmbeddingSize() int {
	if m.made() != nil {
		return 0
	}
	body, err := m.network.Body()
	if err != nil {
		return 0
	}
	return body.Classes()
}

// Embed returns a vector of [Model.EmbeddingSize] numbers for each image: the features that the network's classifier
// tells the classes by. They are averaged over the model's test views, as logits are, and then scaled to a Euclidean
// length of 1; where all are 0 they stay 0. So the similarity of two images, the cosine of the angle between their
// vectors, is the sum of the products: 1 for the same direction. Package neighbours finds what is similar.
//
// Images of any size will do, as for [Model.Predict], whose errors these are; besides, the error wraps
// [layers.ErrNetwork] if the network has no such features. Many goroutines may call it. The first call lays out memory
// for the network once more, and compiles it again on XLA.
func (m *Model) Embed(ctx context.Context, images ...image.Image) (vectors [][]float32, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return nil, err
	}
	pixels, err := m.pixels(ctx, images)
	if err != nil {
		return nil, err
	}
	return m.embed(ctx, pixels)
}

// EmbedDataset returns the vectors of all images of a set, as [Model.Embed] does; labels do not count, and neither does
// how the set's pictures were resized ([Model.Resizing]): the vectors tell what is alike among those resized in one way.
func (m *Model) EmbedDataset(ctx context.Context, set *data.Dataset) (vectors [][]float32, err error) {
	defer guard(&err)
	if err := errors.Join(m.made(), given(ctx)); err != nil {
		return nil, err
	}
	if err := m.takes(set); err != nil {
		return nil, err
	}
	return m.embed(ctx, set.Pixels())
}

func (m *Model) embed(ctx context.Context, pixels []uint8) (vectors [][]float32, err error) {
	body, err := m.network.Body()
	if err != nil {
		return nil, err
	}
	features, err := m.outputs(ctx, engine.Features, pixels)
	if err != nil {
		return nil, err
	}
	for v := range slices.Chunk(features, body.Classes()) {
		toUnitLength(v)
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// toUnitLength scales a vector to length 1, unless it is all zeros.
func toUnitLength(v []float32) {
	sum := 0.
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return
	}
	length := math.Sqrt(sum)
	for i, x := range v {
		v[i] = float32(float64(x) / length)
	}
}
