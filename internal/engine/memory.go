package engine

import (
	"runtime"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// Estimates of memory are in bytes, and follow the pure-Go engine, package cpu: it keeps every layer's output, or if it only
// answers those that are still to be read, of 16 images side by side, with a border and a few channels more than there are. XLA
// keeps less, as it fuses layers. What estimates know of cpu's algorithms they say; TestEstimatesOfMemory, in cpu, holds them to it.
const (
	valueSize   = 4 // float32
	channelTile = 4
	productSize = 256 // of what describes the gradient of a convolution to some of its inputs
	tapSize     = 16  // of what describes where a weight is read and what it meets
	normSize    = 128 // of what describes what a norm makes of a channel, for each of its variables
)

// Memory is about what it takes to answer with a network: beside images, and for every SmallBatch of those that are computed
// together.
func Memory(n layers.Network) (fixed, perSmallBatch int64, err error) {
	fixed, perSize, perSmallBatch, err := memory(n, false, nil)
	return fixed + perSize, perSmallBatch, err
}

// memory is about what it takes to train or to answer: beside batches, for every size of batch, and for every SmallBatch
// images of one.
func memory(n layers.Network, training bool, frozen map[string]bool) (fixed, perSize, perSmallBatch int64, err error) {
	steps, err := n.Plan()
	if err != nil {
		return 0, 0, 0, err
	}
	perSmallBatch = outputSize(n.Input) + SmallBatch*valueSize*int64(n.Input.Size())
	if training {
		kept, _ := keptSize(n.Layers, steps, frozen)
		perSmallBatch += kept
	} else {
		perSmallBatch += answerSize(n.Layers, steps)
		fixed += imageOutputSize(n.Input)
	}
	var lent, lentToImage int64
	for _, s := range steps {
		if !training {
			fixed += imageOutputSize(s.Out)
		}
		for _, v := range s.Variables {
			fixed += 2 * int64(v.Size()) * valueSize // on the host and on the device
			if len(v.Dims) > 1 {
				perSize += offsetsSize(v, s.In, s.Out, training)
				lent = max(lent, lentSize(v, s.In, s.Out, training))
				if !training {
					fixed += packedSize(v, s.In, s.Out) + imageSize(v, s.In, s.Out)
					lentToImage = max(lentToImage, imageTransformedSize(v, s.In, s.Out))
				}
			} else {
				perSize += normSize * int64(v.Size())
			}
		}
	}
	return fixed + lentToImage, perSize + lent, perSmallBatch, nil
}

// TrainingMemory is about what training takes on a number of images, beside the data set that it is given.
func (d *Device) TrainingMemory(cfg Config, images int, tested bool) (int64, error) {
	total := d.DataMemory(cfg, images)
	add := func(training bool, batches ...int) error {
		fixed, perSize, perSmallBatch, err := memory(cfg.Network, training, cfg.Frozen)
		total += fixed
		for _, size := range batches {
			total += perSize + perSmallBatch*int64(ceilDiv(size, SmallBatch))
		}
		return err
	}
	batches := []int{cfg.Batch}
	if rest := cfg.EpochImages(images) % cfg.Batch; rest > 0 && cfg.KeepIncomplete {
		batches = append(batches, rest)
	}
	if err := add(true, batches...); err != nil {
		return 0, err
	}
	if tested {
		if err := add(false, min(max(cfg.Batch, SmallBatch), LargeBatch)); err != nil {
			return 0, err
		}
	}
	variables, err := cfg.Network.Variables()
	if err != nil {
		return 0, err
	}
	copies := int64(4) // velocities and gradients, and what becomes of the weights and of those
	if cfg.Average.Every > 0 {
		copies += 2
	}
	for _, v := range variables {
		total += copies * int64(v.Size()) * valueSize
	}
	var lent int64
	for _, v := range cfg.Trainable(variables) {
		optimizer, _ := cfg.OptimizerOf(v)
		if _, is := optimizer.(Muon); is {
			lent = max(lent, matricesSize(v))
		}
	}
	return total + lent, nil
}

// padded is the side of an image with the zeros that it is padded with: cpu's.
func padded(length int) int {
	if rest := length % 4; length > 4 && rest > 0 {
		return length - rest + 3
	}
	return length
}

// planeSize is the number of pixels of an image with its border.
func planeSize(s data.Shape) int64 { return int64(padded(s.Height)+1) * int64(padded(s.Width)+1) }

// outputSize is the size of a layer's output for SmallBatch images.
func outputSize(s data.Shape) int64 {
	return planeSize(s) * int64(roundUp(s.Channels, channelTile)) * SmallBatch * valueSize
}

// imageOutputSize is the size of a layer's output for an image alone, which has channels side by side.
func imageOutputSize(s data.Shape) int64 {
	return planeSize(s) * int64(roundUp(s.Channels, SmallBatch)) * valueSize
}

// keptSize is the size of what training keeps of the outputs of a sequence of layers, for SmallBatch images. steps begin with
// those of the sequence, and rest is what follows. A norm in front of a max pool has an output as small as the pool's, unless it and
// all before it is frozen: cpu's lower.
func keptSize(sequence []layers.Layer, steps []layers.ResolvedLayer, frozen map[string]bool) (size int64, rest []layers.ResolvedLayer) {
	for i, l := range sequence {
		out := steps[0].Out
		if f := FusionOf(sequence[i:]); f.Conv == nil && f.PicksFirst() && !frozen[f.Norm.Name] {
			out = steps[f.Layers-1].Out
		}
		size += outputSize(out)
		steps = steps[1:]
		if l, is := l.(layers.Residual); is {
			var branch, shortcut int64
			branch, steps = keptSize(l.Branch, steps, frozen)
			shortcut, steps = keptSize(l.Shortcut, steps, frozen)
			size += branch + shortcut
		}
	}
	return size, steps
}

// answerSize is the size of all outputs of a net that only answers, for SmallBatch images: the most of any kernels, which differ in
// how few channels they transform.
func answerSize(sequence []layers.Layer, steps []layers.ResolvedLayer) int64 {
	var most int64
	for _, fewest := range []int64{8, 64, 1 << 20} { // in assembly, in plain Go, and of the backend "go:direct"
		a := &answer{steps: steps, fewest: fewest}
		a.add(sequence, input)
		var size int64
		for _, s := range a.slots.Sizes {
			size += s
		}
		most = max(most, size)
	}
	return most
}

// answer is a plan of such outputs in slots: that of cpu's lower.
type answer struct {
	slots  Slots
	steps  []layers.ResolvedLayer // to come
	fewest int64                  // what the rule of the kernels is divided by: cpu's WinogradChannels
}

// input stands for the slot of the images, which are in none.
const input = -1

// add plans a sequence of layers, of which the first reads a slot that is needed longer, and says in which their output is.
func (a *answer) add(sequence []layers.Layer, first int) (out int) {
	in := first
	for i := 0; i < len(sequence); i++ {
		n := max(1, a.pooled(FusionOf(sequence[i:])))
		size := outputSize(a.steps[n-1].Out)
		a.steps = a.steps[n:]
		switch l := sequence[i].(type) {
		case layers.BatchNorm, layers.ReLU, layers.CELU, layers.GELU, layers.SiLU, layers.Scale:
			if out = in; in == first {
				out = a.slots.Take(size)
			}
		case layers.Residual:
			branch, shortcut := a.add(l.Branch, in), a.add(l.Shortcut, in)
			if out = branch; branch == in {
				out, shortcut = shortcut, in
			}
			if out == in {
				out = a.slots.Take(size)
			}
			if shortcut != in {
				a.slots.Give(shortcut)
			}
		default:
			out = a.slots.Take(size)
		}
		if in != first && in != out {
			a.slots.Give(in)
		}
		i, in = i+n-1, out
	}
	return in
}

// pooled is how many layers are computed together, the last of which is a pool that keeps a part of each tile: cpu's newConv. It
// is 0 if there are none.
func (a *answer) pooled(f Fusion) int {
	const side = 4 // of a tile
	if f.Conv == nil || f.Pool == nil || side%f.Pool.Size != 0 {
		return 0
	}
	s := a.steps[0]
	// By the rule of cpu's suitsWinograd.
	pixels, tiles := int64(s.In.Height)*int64(s.In.Width), int64(ceilDiv(s.In.Height, side))*int64(ceilDiv(s.In.Width, side))
	inputs, outputs := int64(s.In.Channels), int64(s.Out.Channels)
	if !isTransformed(s.Variables[0], s.In, s.Out) || inputs*outputs*(9*pixels-38*tiles) < 55*a.fewest*(inputs+outputs)*tiles {
		return 0
	}
	return f.Layers
}

// isTransformed says whether a convolution may be computed by transforms: cpu's winogradFits.
func isTransformed(weight layers.Variable, in, out data.Shape) bool {
	return weight.Size() == filterTaps*in.Channels*out.Channels && in.Height == out.Height && min(in.Height, in.Width) >= 3
}

// areaOf is that of a layer's filters.
func areaOf(weight layers.Variable, in, out data.Shape) int64 {
	return int64(weight.Size()) / int64(out.Channels) / int64(in.Channels)
}

// packedSize is the size of a convolution's weights, or a linear layer's, in the order in which they are used: 36 for 9 if it
// is computed by transforms.
func packedSize(weight layers.Variable, in, out data.Shape) int64 {
	taps := areaOf(weight, in, out)
	if isTransformed(weight, in, out) {
		taps = positions
	}
	return taps * int64(in.Channels) * int64(roundUp(out.Channels, channelTile)) * valueSize
}

// offsetsSize is the size of what describes where a layer's weights meet its input and, for training, where they meet the
// gradient of its output: cpu's direct.
func offsetsSize(weight layers.Variable, in, out data.Shape, training bool) int64 {
	if isTransformed(weight, in, out) {
		return 0
	}
	area := areaOf(weight, in, out)
	size := area * int64(in.Channels) * tapSize
	if training {
		size += area * (int64(out.Channels)*tapSize + productSize)
	}
	return size
}

// lentSize is the size of what a layer with weights takes for a while: for training packed weights, or sums of their
// gradient; and for transforms, cpu's winograd, filters as they are and tiles of its input and output for each processor, though
// there may be fewer tasks than processors. All layers take the same memory. The constants are those of tileProduct's methods run
// and gradient.
func lentSize(weight layers.Variable, in, out data.Shape, training bool) int64 {
	const (
		tasks    = 16 // of a gradient
		channels = 64 // of a task
	)
	var size int64
	if training {
		size = max(packedSize(weight, in, out), packedSize(weight, out, in))
	}
	if !isTransformed(weight, in, out) {
		return size
	}
	if training {
		sums := positions * int64(roundUp(in.Channels, SmallBatch)) * int64(roundUp(out.Channels, channelTile)) * valueSize
		size = max(size, sums*int64(max(1, tasks/(ceilDiv(in.Channels, channels)*ceilDiv(out.Channels, channels)))))
	} else {
		size = filterTaps * int64(in.Channels) * int64(roundUp(out.Channels, channelTile)) * valueSize
	}
	chunk := 4 // tiles that are computed together
	if min(in.Channels, out.Channels) <= 32 {
		chunk = 8
	}
	tiles := int64(chunk) * int64(max(in.Channels, out.Channels)+channels)
	return size + int64(runtime.GOMAXPROCS(0))*positions*tiles*SmallBatch*valueSize
}

// imageSize is the size of a layer's weights where images are computed alone: those of a convolution by transforms are 36
// for 9.
func imageSize(weight layers.Variable, in, out data.Shape) int64 {
	taps := int64(weight.Size()) / int64(out.Channels) / int64(in.Channels)
	if imageTiles(weight, in, out) > 0 {
		taps = positions
	}
	return taps * int64(in.Channels) * int64(roundUp(out.Channels, SmallBatch)) * valueSize
}

// imageTransformedSize is the size of the tiles of an image alone, in a convolution by transforms: they are lent.
func imageTransformedSize(weight layers.Variable, in, out data.Shape) int64 {
	return positions * imageTiles(weight, in, out) * int64(roundUp(in.Channels, SmallBatch)+roundUp(out.Channels, SmallBatch)) * valueSize
}

// imageTiles is how many tiles are transformed of an image alone, by the choice of cpu's suitsImageWinograd; 0 if it is
// computed without transforms.
func imageTiles(weight layers.Variable, in, out data.Shape) int64 {
	const fewTiles, manyTiles, manyFilters = 4, 16, 10_000
	tiles := ceilDiv(in.Height, 4) * ceilDiv(in.Width, 4)
	if weight.Size() == filterTaps*in.Channels*out.Channels && in.Height == out.Height &&
		(tiles >= manyTiles || tiles >= fewTiles && in.Channels*out.Channels <= manyFilters) {
		return int64(tiles)
	}
	return 0
}

// matricesSize is the size of what [Muon] takes for a while to move a filter bank: the matrices of cpu's Muon. All banks
// take the same memory.
func matricesSize(bank layers.Variable) int64 {
	rows := int64(roundUp(bank.Dims[0], SmallBatch))
	columns := int64(roundUp(bank.Size()/bank.Dims[0], SmallBatch))
	side := min(rows, columns)
	return valueSize * (3*rows*columns + 4*side*side)
}

// positions and filterTaps are the sizes of a filter with and without its transform.
const (
	positions  = 6 * 6
	filterTaps = 3 * 3
)

func ceilDiv(a, b int) int { return (a + b - 1) / b }

func roundUp(n, to int) int { return ceilDiv(n, to) * to }
