package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestAnsweringNets wants nets whose outputs share memory to answer as those do in which each has its own, bit for bit,
// whatever was in that memory before.
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
					sharing, err := cpu.CompileAnswering(n, batch, kernels)
					if err != nil {
						t.Fatal(err)
					}
					spoil := float32(math.NaN())
					if kernels == cpu.Naive {
						spoil = 1e30 // they multiply what is past the image by 0
					}
					sharing.SpoilOutputs(spoil)
					for range 2 {
						images := randomValues(rng, batch*n.Input.Size())
						want := slices.Clone(apart.Forward(vars, images, false))
						if diff := cmp.Diff(want, sharing.Forward(vars, images, false)); diff != "" {
							t.Fatalf("logits (-apart +sharing):\n%s", diff)
						}
					}
				})
			}
		}
	}
}
