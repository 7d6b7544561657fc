package xla

import (
	"context"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/engine/xla/graphs"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// resides says whether the data set is kept on the device: if batches are to be loaded in bulk, every augmentation has a graph
// form and nothing is mixed.
func resides(cfg engine.Config) bool {
	own := func(a data.Augmentation) bool { return !graphs.Augments(a) }
	return cfg.Loading == data.LoadInBulk && cfg.Mixing.Kind == data.NoMixing && !slices.ContainsFunc(cfg.Augmentations, own)
}

// newBatchSource keeps the data set on the device if it [resides] there, and otherwise feeds batches from the host. A source
// that comes with an error is to be closed like others.
func newBatchSource(ctx context.Context, d *device, cfg engine.Config, train *data.Dataset, sizes []int) (batchSource, error) {
	if !resides(cfg) {
		s := &fedSource{device: d, image: train.Shape(), mixing: cfg.Mixing, loader: engine.NewLoader(cfg, train), bySize: map[int]engine.Batch{}}
		return s, s.loader.Prepare(ctx)
	}
	return newResidentSource(d, cfg, train, sizes)
}

// residentSource holds the training set on the device, as bytes and already padded.
type residentSource struct {
	device *device
	cfg    engine.Config
	shape  data.Shape
	// crop is the leading augmentation if that is a crop: it picks its windows while it gathers the
	// batch from the padded images, so that the padding is done once and not in every step.
	crop    *data.Crop
	choices []input // of all augmentations

	n, seen        int // images, and those that an epoch goes through
	images, labels compute.Buffer
	imagesInput    input
	// slots are the numbers of the images in a batch of a size: each unit's those that it takes.
	slots map[int]compute.Buffer
}

func newResidentSource(d *device, cfg engine.Config, train *data.Dataset, sizes []int) (*residentSource, error) {
	shape := train.Shape()
	s := &residentSource{device: d, cfg: cfg, shape: shape, crop: engine.LeadingCrop(cfg.Augmentations), n: train.Len(), seen: cfg.EpochImages(train.Len()), slots: map[int]compute.Buffer{}}
	one, err := engine.DrawEpoch(0, 0, 1, shape, cfg.Augmentations, data.Mixing{})
	if err != nil {
		return s, err
	}
	for _, choices := range one.Choices {
		s.choices = append(s.choices, whole(dtypes.Int32, s.seen, len(choices)))
	}
	for _, size := range sizes {
		slots := make([]int32, size)
		for i := range slots {
			slots[i] = int32(i)
		}
		if s.slots[size], err = upload(d, slots, splitOver(d, dtypes.Int32, size, 1)); err != nil {
			return s, err
		}
	}
	pad := 0
	if s.crop != nil {
		pad = s.crop.Pad
	}
	labels := make([]int32, s.n)
	for i := range labels {
		labels[i] = int32(train.Label(i))
	}
	if s.labels, err = upload(d, labels, whole(dtypes.Int32, s.n)); err != nil {
		return s, err
	}
	unpadded := whole(dtypes.Uint8, s.n, shape.Height, shape.Width, shape.Channels)
	if s.images, err = upload(d, train.Pixels(), unpadded); err != nil {
		return s, err
	}
	padded := engine.PreparedShape(shape, cfg.Augmentations)
	s.imagesInput = whole(dtypes.Uint8, s.n, padded.Height, padded.Width, padded.Channels)
	if pad > 0 {
		err = s.padOnce(unpadded, pad)
	}
	return s, err
}

func (s *residentSource) padOnce(unpadded input, pad int) error {
	padding, err := compile(s.device, "padding", []input{unpadded}, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graphs.ReflectPad(in[0], pad)}
	})
	if err != nil {
		return err
	}
	defer padding.close()
	out, err := padding.run(1, s.images)
	if err != nil {
		return err
	}
	s.images = out[0]
	return nil
}

// inputs: order, the choices, images, labels, slots.
func (s *residentSource) inputs(size int) []input {
	all := append([]input{whole(dtypes.Int32, s.seen)}, s.choices...)
	return append(all, s.imagesInput, whole(dtypes.Int32, s.n), splitOver(s.device, dtypes.Int32, size, 1))
}

func (s *residentSource) startEpoch(epoch int, selected []int32, _ int) ([]compute.Buffer, error) {
	all, err := engine.DrawEpoch(s.cfg.Seed, epoch, s.n, s.shape, s.cfg.Augmentations, data.Mixing{})
	if err != nil {
		return nil, err
	}
	d := all.At(selected)
	order, err := upload(s.device, d.Order, whole(dtypes.Int32, s.seen))
	if err != nil {
		return nil, err
	}
	buffers := []compute.Buffer{order}
	for i, choices := range d.Choices {
		b, err := upload(s.device, choices, s.choices[i])
		if err != nil {
			release(buffers...)
			return nil, err
		}
		buffers = append(buffers, b)
	}
	return buffers, nil
}

func (s *residentSource) startStep(size int) (perStep, error) {
	return perStep{keep: []compute.Buffer{s.images, s.labels, s.slots[size]}}, nil
}

func (s *residentSource) build(in []*graph.Node, first *graph.Node, size int) (images *graph.Node, labels graphs.Labels) {
	k := 1 + len(s.choices)
	order, choices, all, allLabels, slots := in[0], in[1:k], in[k], in[k+1], in[k+2]
	batch := graph.Add(graph.Iota(first.Graph(), shapes.Make(dtypes.Int32, size), 0), first)
	places := graph.Gather(graph.Reshape(batch, size, 1), slots) // each unit's
	rows := graph.Gather(order, places)
	augmentations := s.cfg.Augmentations
	if s.crop != nil {
		images = graphs.CropAt(all, rows, graph.Gather(choices[0], places), s.shape.Height, s.shape.Width)
		augmentations, choices = augmentations[1:], choices[1:]
	} else {
		images = graph.Gather(all, graph.Reshape(rows, size, 1))
	}
	images = graphs.Normalize(images, s.cfg.Normalization)
	for i, a := range augmentations {
		images = graphs.Augment(a, images, graph.Gather(choices[i], places))
	}
	return images, graphs.Labels{Own: graph.Gather(allLabels, graph.Reshape(rows, size, 1))}
}

func (s *residentSource) close() {
	release(s.images, s.labels)
	for _, b := range s.slots {
		release(b)
	}
}

// fedSource uploads every batch, prepared on the host.
type fedSource struct {
	device *device
	image  data.Shape
	mixing data.Mixing
	loader engine.Loader
	bySize map[int]engine.Batch
}

// inputs: images, labels, and where images are mixed the others' labels and the shares.
func (s *fedSource) inputs(size int) []input {
	all := []input{
		splitOver(s.device, dtypes.Float32, size, s.image.Height, s.image.Width, s.image.Channels),
		splitOver(s.device, dtypes.Int32, size),
	}
	if s.mixing.Kind != data.NoMixing {
		all = append(all, splitOver(s.device, dtypes.Int32, size), splitOver(s.device, dtypes.Float32, size))
	}
	return all
}

func (s *fedSource) startEpoch(epoch int, selected []int32, first int) ([]compute.Buffer, error) {
	return nil, s.loader.StartEpoch(epoch, selected, first)
}

func (s *fedSource) startStep(size int) (perStep, error) {
	batch, ok := s.bySize[size]
	if !ok {
		batch = engine.NewBatch(size, s.image, s.mixing)
		s.bySize[size] = batch
	}
	s.loader.Next(batch)
	in := s.inputs(size)
	var fed perStep
	err := feed(s.device, &fed, batch.Images, in[0])
	if err == nil {
		err = feed(s.device, &fed, batch.Labels, in[1])
	}
	if err == nil && batch.Shares != nil {
		if err = feed(s.device, &fed, batch.Others, in[2]); err == nil {
			err = feed(s.device, &fed, batch.Shares, in[3])
		}
	}
	if err != nil {
		release(fed.free...)
		return perStep{}, err
	}
	return fed, nil
}

// feed uploads what a step needs once.
func feed[T float32 | int32](d *device, to *perStep, values []T, in input) error {
	b, err := upload(d, values, in)
	if err == nil {
		to.free = append(to.free, b)
	}
	return err
}

func (s *fedSource) build(in []*graph.Node, _ *graph.Node, _ int) (images *graph.Node, labels graphs.Labels) {
	labels.Own = in[1]
	if s.mixing.Kind != data.NoMixing {
		labels.Others, labels.Shares = in[2], in[3]
	}
	return in[0], labels
}

func (*fedSource) close() {}
