package fastresnet_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

// blankSet is n black images of a shape, in these classes in turns.
func blankSet(t *testing.T, n int, shape data.Shape, classes ...string) *data.Dataset {
	t.Helper()
	labels := make([]int, n)
	for i := range labels {
		labels[i] = i % len(classes)
	}
	set, err := data.New(make([]uint8, n*shape.Size()), shape, labels, classes)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The table of RecipeFor, and its corners; each recipe is one that runs.
func TestRecipeFor(t *testing.T) {
	square := func(side int) data.Shape { return data.Shape{Height: side, Width: side, Channels: 3} }
	photographs := data.Augmentations{data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 8}}
	for _, tt := range []struct {
		name          string
		n             int
		shape         data.Shape
		batch, epochs int
		augmentations data.Augmentations // nil: not compared
	}{
		{"one image", 1, square(32), 1, 80, photographs},
		{"fewer than a batch", 20, square(32), 20, 80, nil},
		{"hundreds", 999, square(32), 32, 80, photographs},
		{"thousands", 1000, square(32), 64, 50, nil},
		{"almost five thousand", 4999, square(8), 64, 50, data.Augmentations{data.Crop{Pad: 1}, data.FlipLR{}, data.Cutout{Height: 2, Width: 2}}},
		{"more", 5000, square(8), 128, 30, nil},
		{"many", 20_000, square(8), 128, 24, nil},
		{"larger images", 500, square(64), 32, 40, data.Augmentations{data.Crop{Pad: 8}, data.FlipLR{}, data.Cutout{Height: 16, Width: 16}}},
		{"photographs", 50, square(224), 32, 15, nil},
		{"not square", 500, data.Shape{Height: 33, Width: 47, Channels: 3}, 32, 65, data.Augmentations{data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 11}}},
		{"digits", 500, data.Shape{Height: 28, Width: 28, Channels: 1}, 32, 80, data.Augmentations{data.Crop{Pad: 3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := blankSet(t, tt.n, tt.shape, "a", "b")
			r := fastresnet.RecipeFor(set)
			if r.BatchSize != tt.batch || r.Epochs != tt.epochs || r.Design.Width != 16 || r.Name != "own" {
				t.Errorf("batch %d, %d epochs, width %d, name %q; want batch %d, %d epochs", r.BatchSize, r.Epochs, r.Design.Width, r.Name, tt.batch, tt.epochs)
			}
			if peak := r.Schedule.Peak(); math.Abs(peak-0.4*float64(tt.batch)/512) > 1e-12 || r.Schedule.End() != float64(tt.epochs) {
				t.Errorf("schedule %v", r.Schedule)
			}
			if tt.augmentations != nil {
				if diff := cmp.Diff(tt.augmentations, r.Augmentations); diff != "" {
					t.Errorf("augmentations (-want +got):\n%s", diff)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if tt.n == 1 || tt.shape.Height > 100 {
				return // one image alone is not enough for a batch norm at 1x1, and the others take long
			}
			if _, err := fastresnet.Train(ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go")); !errors.Is(err, context.Canceled) {
				t.Errorf("Train = %v", err)
			}
		})
	}
}

// Train takes RecipeFor a set of one's own, the published recipe for CIFAR-10, and what it is told before both.
func TestDefaultRecipe(t *testing.T) {
	shape := data.Shape{Height: 8, Width: 8, Channels: 3}
	own, cifar := blankSet(t, 40, shape, "a", "b"), blankSet(t, 600, shape, data.CIFAR10Classes()...)
	for _, tt := range []struct {
		name string
		opts []fastresnet.Option
		want string
	}{
		{"one's own", []fastresnet.Option{fastresnet.WithDataset(own, nil)}, "own"},
		{"one's own, other epochs", []fastresnet.Option{fastresnet.WithEpochs(3), fastresnet.WithDataset(own, nil)}, "own"},
		{"CIFAR-10's classes", []fastresnet.Option{fastresnet.WithDataset(cifar, nil), fastresnet.WithAugmentations()}, "resnet9-24"},
		{"told", []fastresnet.Option{fastresnet.WithRecipe(named(t, "resnet9-20")), fastresnet.WithDataset(own, nil),
			fastresnet.WithBatchSize(8), fastresnet.WithAugmentations()}, "resnet9-20"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			name := ""
			_, err := fastresnet.Train(ctx, append(tt.opts, fastresnet.WithBackend("go"), fastresnet.WithWidth(4), fastresnet.WithProgress(fastresnet.Observer{Start: func(r *fastresnet.Result) {
				name = r.Recipe.Name
				cancel()
			}}))...)
			if !errors.Is(err, context.Canceled) || name != tt.want {
				t.Errorf("recipe %q, error %v; want %q", name, err, tt.want)
			}
		})
	}
}
