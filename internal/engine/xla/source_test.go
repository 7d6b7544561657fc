package xla

import (
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/enginetest"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/google/go-cmp/cmp"
)

// The batch that the graph takes from the resident data set is the host's, bit for bit.
func TestResidentBatchIsTheHosts(t *testing.T) {
	crop, flip, cutout := data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 8, Width: 6}
	tests := []struct {
		label         string
		augmentations []data.Augmentation
	}{
		{"none: rows are gathered", nil},
		{"the crop is part of the gather", []data.Augmentation{crop, flip, cutout}},
		{"a crop behind another augmentation pads the batch", []data.Augmentation{flip, cutout, crop}},
	}
	set := enginetest.Synthetic(t, 50)
	each(t, func(t *testing.T, d *engine.Device) {
		for _, tt := range tests {
			t.Run(tt.label, func(t *testing.T) {
				const size, epoch = 7, 2
				cfg := enginetest.Config(t, set, size)
				cfg.Augmentations = tt.augmentations
				loader, host := engine.NewLoader(cfg, set), engine.NewBatch(size, set.Shape(), data.Mixing{})
				if err := loader.StartEpoch(epoch, nil, size); err != nil {
					t.Fatal(err)
				}
				loader.Next(host)

				images, labels := residentBatch(t, deviceOf(d), cfg, set, epoch, size, size)
				if diff := cmp.Diff(host.Labels, labels); diff != "" {
					t.Errorf("labels (-host +device):\n%s", diff)
				}
				if diff := cmp.Diff(host.Images, images); diff != "" {
					t.Errorf("images differ (-host +device):\n%.2000s", diff)
				}
			})
		}
	})
}

// The data set on the device is counted as bytes, and again with a crop's padding; what is fed by the host only where that keeps it.
func TestDataMemory(t *testing.T) {
	const images, bytes, padded = 10, 32 * 32 * 3, 40 * 40 * 3
	crop, flip := data.Crop{Pad: 4}, data.FlipLR{}
	set := enginetest.Synthetic(t, images)
	for _, tt := range []struct {
		label         string
		augmentations []data.Augmentation
		mixing        data.Mixing
		loading       data.Loading
		want          int64
	}{
		{"as it is", nil, data.Mixing{}, data.LoadInBulk, images * bytes},
		{"padded", []data.Augmentation{crop, flip}, data.Mixing{}, data.LoadInBulk, images * (bytes + padded)},
		{"a crop that comes later", []data.Augmentation{flip, crop}, data.Mixing{}, data.LoadInBulk, images * bytes},
		{"an augmentation of the host", []data.Augmentation{crop, ownAugmentation{flip}}, data.Mixing{}, data.LoadInBulk, 0},
		{"mixed", []data.Augmentation{crop}, data.Mixing{Kind: data.Mixup, Alpha: 1}, data.LoadInBulk, 0},
		{"prepared once", []data.Augmentation{crop}, data.Mixing{}, data.LoadPerImage, 4 * images * padded},
		{"prepared each time", []data.Augmentation{crop}, data.Mixing{}, data.LoadEveryEpoch, 0},
	} {
		t.Run(tt.label, func(t *testing.T) {
			cfg := enginetest.Config(t, set, 1)
			cfg.Augmentations, cfg.Mixing, cfg.Loading = tt.augmentations, tt.mixing, tt.loading
			if got := new(device).DataMemory(cfg, images); got != tt.want {
				t.Errorf("%d bytes, want %d", got, tt.want)
			}
		})
	}
}

// ownAugmentation is one that has no graph.
type ownAugmentation struct{ data.Augmentation }

func residentBatch(t *testing.T, d *device, cfg engine.Config, set *data.Dataset, epoch, first, size int) ([]float32, []int32) {
	t.Helper()
	source, err := newResidentSource(d, cfg, set, []int{size})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer source.close()
	inputs := append([]input{whole(dtypes.Int32)}, source.inputs(size)...)
	p, err := compile(d, "batch", inputs, func(in []*graph.Node) []*graph.Node {
		images, labels := source.build(in[1:], in[0], size)
		return []*graph.Node{images, labels.Own}
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	at, err := upload(d, []int32{int32(first)}, whole(dtypes.Int32))
	if err != nil {
		t.Fatal(err)
	}
	perEpoch, err := source.startEpoch(epoch, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	step, err := source.startStep(size)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.run(0, append(append([]compute.Buffer{at}, perEpoch...), step.keep...)...)
	if err != nil {
		t.Fatal(err)
	}
	images, err := download[float32](out[0], size*set.Shape().Size())
	if err != nil {
		t.Fatal(err)
	}
	labels, err := download[int32](out[1], size)
	if err != nil {
		t.Fatal(err)
	}
	return images, labels
}
