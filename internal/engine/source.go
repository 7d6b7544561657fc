package engine

import (
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// newBatchSource keeps the data set on the device if every augmentation has a graph form, and otherwise
// feeds batches from the host.
func newBatchSource(d *Device, cfg Config, train *data.Dataset) (batchSource, error) {
	if slices.ContainsFunc(cfg.Augmentations, func(a data.Augmentation) bool { return !layers.Augments(a) }) {
		return &fedSource{device: d, cfg: cfg, train: train, bySize: map[int]*hostBatch{}}, nil
	}
	return newResidentSource(d, cfg, train)
}

// residentSource holds the training set on the device, as bytes and already padded.
type residentSource struct {
	device        *Device
	shape         data.Shape
	normalization data.Normalization
	// crop is the leading augmentation if that is a crop: it picks its windows while it gathers the
	// batch from the padded images, so that the padding is done once and not in every step.
	crop          *data.Crop
	augmentations []data.Augmentation // the others
	choices       []shapes.Shape      // of all augmentations

	n              int
	images, labels compute.Buffer
	imagesShape    shapes.Shape
}

func newResidentSource(d *Device, cfg Config, train *data.Dataset) (*residentSource, error) {
	shape := train.Shape()
	s := &residentSource{device: d, shape: shape, normalization: cfg.Normalization, augmentations: cfg.Augmentations, n: train.Len()}
	one, err := drawEpoch(0, 0, 1, shape, cfg.Augmentations)
	if err != nil {
		return nil, err
	}
	for _, choices := range one.choices {
		s.choices = append(s.choices, shapes.Make(dtypes.Int32, s.n, len(choices)))
	}
	pad := 0
	if len(cfg.Augmentations) > 0 {
		if crop, ok := cfg.Augmentations[0].(data.Crop); ok {
			s.crop, s.augmentations, pad = &crop, cfg.Augmentations[1:], crop.Pad
		}
	}
	labels := make([]int32, s.n)
	for i := range labels {
		labels[i] = int32(train.Label(i))
	}
	if s.labels, err = upload(d, labels, shapes.Make(dtypes.Int32, s.n)); err != nil {
		return nil, err
	}
	unpadded := shapes.Make(dtypes.Uint8, s.n, shape.Height, shape.Width, shape.Channels)
	if s.images, err = upload(d, train.Pixels(), unpadded); err != nil {
		return nil, err
	}
	s.imagesShape = shapes.Make(dtypes.Uint8, s.n, shape.Height+2*pad, shape.Width+2*pad, shape.Channels)
	if pad > 0 {
		err = s.padOnce(unpadded, pad)
	}
	return s, err
}

func (s *residentSource) padOnce(unpadded shapes.Shape, pad int) error {
	padding, err := compile(s.device, "padding", []shapes.Shape{unpadded}, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{layers.ReflectPad(in[0], pad)}
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

// shapes: order, the choices, images, labels.
func (s *residentSource) shapes(int) []shapes.Shape {
	all := append([]shapes.Shape{shapes.Make(dtypes.Int32, s.n)}, s.choices...)
	return append(all, s.imagesShape, shapes.Make(dtypes.Int32, s.n))
}

func (s *residentSource) startEpoch(d draws) ([]compute.Buffer, error) {
	order, err := upload(s.device, d.order, shapes.Make(dtypes.Int32, s.n))
	if err != nil {
		return nil, err
	}
	buffers := []compute.Buffer{order}
	for i, choices := range d.choices {
		b, err := upload(s.device, choices, s.choices[i])
		if err != nil {
			return nil, err
		}
		buffers = append(buffers, b)
	}
	return buffers, nil
}

func (s *residentSource) startStep(int, int) (perStep, error) {
	return perStep{keep: []compute.Buffer{s.images, s.labels}}, nil
}

func (s *residentSource) build(in []*graph.Node, first *graph.Node, size int) (images, labels *graph.Node) {
	k := 1 + len(s.choices)
	order, choices, all, allLabels := in[0], in[1:k], in[k], in[k+1]
	places := graph.Reshape(graph.Add(graph.Iota(first.Graph(), shapes.Make(dtypes.Int32, size), 0), first), size, 1)
	rows := graph.Gather(order, places)
	if s.crop != nil {
		images = layers.CropAt(all, rows, graph.Gather(choices[0], places), s.shape.Height, s.shape.Width)
		choices = choices[1:]
	} else {
		images = graph.Gather(all, graph.Reshape(rows, size, 1))
	}
	images = normalize(images, s.normalization)
	for i, a := range s.augmentations {
		images = layers.Augment(a, images, graph.Gather(choices[i], places))
	}
	return images, graph.Gather(allLabels, graph.Reshape(rows, size, 1))
}

func (s *residentSource) close() { release(s.images, s.labels) }

// fedSource prepares every batch on the host, for augmentations that have no graph form.
type fedSource struct {
	device *Device
	cfg    Config
	train  *data.Dataset
	bySize map[int]*hostBatch
	draws  draws
}

// shapes: images, labels.
func (s *fedSource) shapes(size int) []shapes.Shape {
	in := s.train.Shape()
	return []shapes.Shape{
		shapes.Make(dtypes.Float32, size, in.Height, in.Width, in.Channels), shapes.Make(dtypes.Int32, size),
	}
}

func (s *fedSource) startEpoch(d draws) ([]compute.Buffer, error) {
	s.draws = d
	return nil, nil
}

func (s *fedSource) startStep(first, size int) (perStep, error) {
	batch := s.bySize[size]
	if batch == nil {
		batch = newHostBatch(s.cfg, s.train, size)
		s.bySize[size] = batch
	}
	batch.fill(s.draws, first)
	in := s.shapes(size)
	images, err := upload(s.device, batch.images, in[0])
	if err != nil {
		return perStep{}, err
	}
	labels, err := upload(s.device, batch.labels, in[1])
	return perStep{free: []compute.Buffer{images, labels}}, err
}

func (s *fedSource) build(in []*graph.Node, _ *graph.Node, _ int) (images, labels *graph.Node) {
	return in[0], in[1]
}

func (*fedSource) close() {}
