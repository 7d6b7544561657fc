package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine/cpu"
	"github.com/fastresnet/fastresnet/internal/golden"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
)

// TestImageNet compares the logits of images one at a time with those of a batch of them.
func TestImageNet(t *testing.T) {
	image := data.Shape{Height: 19, Width: 16, Channels: 3}
	networks := map[string]layers.Network{
		"every layer":     {Input: image, Layers: append(testlayers.Every(), layers.Linear{Name: "end", Out: 10})},
		"resnet9":         network(t, layers.ResNet9(), image, 10, 5),
		"dawn":            network(t, layers.Dawn(), image, 18, 4),
		"airbench94":      network(t, layers.Airbench94(), data.Shape{Height: 32, Width: 32, Channels: 3}, 10, 9),
		"airbench96":      network(t, layers.Airbench96(), data.Shape{Height: 32, Width: 32, Channels: 3}, 10, 5),
		"a large network": network(t, layers.ResNet9(), image, 10, 70),
		"tiles that are not full": {Input: data.Shape{Height: 18, Width: 13, Channels: 3}, Layers: []layers.Layer{
			conv("a", 64, 1, 1), conv("b", 64, 3, 1), layers.ReLU{}, conv("c", 65, 3, 1), layers.GlobalMaxPool{}, layers.Linear{Name: "end", Out: 10},
		}},
		"a sum of pools": {Input: image, Layers: []layers.Layer{
			conv("a", 20, 3, 1), layers.Residual{
				Branch:   []layers.Layer{layers.GlobalMaxMeanPool{}},
				Shortcut: []layers.Layer{conv("b", 40, 1, 2), layers.GlobalMaxPool{}},
			}, layers.Linear{Name: "end", Out: 10},
		}},
	}
	if testing.Short() {
		delete(networks, "a large network")
	}
	for name, n := range networks {
		for _, kernels := range cpu.AllKernels() {
			t.Run(fmt.Sprintf("%s/%s", name, kernels), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				vars, _ := randomVariables(t, n, rng)
				const batch = 3
				images := randomValues(rng, batch*n.Input.Size())
				net, err := cpu.CompileWith(n, batch, kernels)
				if err != nil {
					t.Fatal(err)
				}
				want := net.Answer(cpu.NewWeights(vars), images)
				got, err := cpu.ClassifyEach(n, kernels, vars, images)
				if err != nil {
					t.Fatal(err)
				}
				if err := golden.MaxRelativeError(got, want); err > 1e-5 {
					t.Errorf("logits differ by %.1e", err)
				}
			})
		}
	}
}
