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
