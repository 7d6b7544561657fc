package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestAnsweringNets wants nets whose outputs share memory to answer as those do in which each has its own, and whatever was in
// that memory before and however many images there are the same, bit for bit.
func TestAnsweringNets(t *testing.T) {
	image := data.Shape{Height: 16, Width: 19, Channels: 3}
	end := layers.Linear{Name: "end", Out: 10}
	norm := func(name string) layers.BatchNorm { return layers.BatchNorm{Name: name} }
	networks := map[string]layers.Network{
		"every layer":      {Input: image, Layers: append(testlayers.Every(), end)},
		"blocks in blocks": {Input: image, Layers: []layers.Layer{testlayers.Deepest(), end}},
		"blocks of all paths": {Input: image, Layers: []layers.Layer{
			norm("first"), layers.MaxPool{Size: 2, Floor: true}, layers.GELU{}, layers.Residual{
				Branch: []layers.Layer{norm("a"), layers.ReLU{}, layers.Residual{Shortcut: []layers.Layer{conv("b", 3, 3, 1), layers.SiLU{}}}, conv("c", 7, 3, 1)},
				Shortcut: []layers.Layer{layers.Scale{Factor: 0.5}, layers.Residual{
					Branch: []layers.Layer{conv("d", 7, 3, 1), norm("d")}, Shortcut: []layers.Layer{conv("e", 7, 1, 1), layers.CELU{Alpha: 0.3}}}},
			}, norm("f"), layers.ReLU{}, layers.GlobalMeanPool{}, end,
		}},
		"pools computed with convolutions": {Input: image, Layers: []layers.Layer{
			conv("a", 16, 1, 1), layers.Residual{
				Branch:   []layers.Layer{conv("b", 17, 3, 1), norm("b"), layers.GELU{}, layers.MaxPool{Size: 2, Floor: true}},
				Shortcut: []layers.Layer{conv("c", 17, 3, 1), norm("c"), layers.MaxPool{Size: 2, Floor: true}, layers.ReLU{}},
			}, layers.GlobalMaxPool{}, end,
		}},
		"a pool of 4": {Input: image, Layers: []layers.Layer{
			conv("a", 16, 1, 1), conv("b", 16, 3, 1), layers.MaxPool{Size: 4, Floor: true}, conv("c", 12, 3, 1), end,
		}},
		"tricks": network(t, bagOfTricks(), image, 10, 5),
	}
	for _, name := range layers.DesignNames() {
		d, err := layers.DesignByName(name)
		if err != nil {
			t.Fatal(err)
		}
		networks[name] = network(t, d, image, 10, 5)
	}
	for name, n := range networks {
		for _, kernels := range cpu.NetworkKernels() {
			for _, batch := range []int{3, 20} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, kernels, batch), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(1, 2))
					vars, _ := randomVariables(t, n, rng)
					apart, err := cpu.CompileWith(n, batch, kernels)
					if err != nil {
						t.Fatal(err)
					}
					weights := cpu.NewWeights(vars)
					sharing := func() *cpu.Net {
						net, err := cpu.CompileAnswering(n, batch, kernels)
						if err != nil {
							t.Fatal(err)
						}
						return net
					}
					fresh, spoilt := sharing(), sharing()
					spoil := float32(math.NaN())
					if kernels == cpu.Naive {
						spoil = 1e30 // they multiply what is past the image by 0
					}
					spoilt.SpoilOutputs(spoil)
					for range 2 {
						images := randomValues(rng, batch*n.Input.Size())
						logits := slices.Clone(fresh.Answer(weights, images))
						if err := golden.MaxRelativeError(logits, apart.Answer(weights, images)); err > 1e-5 {
							t.Fatalf("logits differ by %.1e from those of outputs apart", err)
						}
						if diff := cmp.Diff(logits, spoilt.Answer(weights, images)); diff != "" {
							t.Fatalf("logits (-fresh memory +spoilt):\n%s", diff)
						}
						few := batch / 2
						some := spoilt.Answer(weights, images[:few*n.Input.Size()])
						if diff := cmp.Diff(logits[:few*len(logits)/batch], some); diff != "" {
							t.Fatalf("logits of some images (-among others +without):\n%s", diff)
						}
					}
				})
			}
		}
	}
}
