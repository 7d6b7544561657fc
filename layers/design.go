package layers

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/data"
)

// Design is a network apart from what it is used for: the switches that the recipes of the source series
// turn, as a plain value. [Design.Build] fits it to images and classes. Its zero values are the choices of
// [ResNet9], as far as there is one.
type Design struct {
	// Name says what the design is, as in "resnet9".
	Name string `json:"name"`
	// Width is the number of channels of the first convolution. Those of the stages are multiples of it.
	Width int `json:"width"`
	// Whitening puts a fixed patch whitening in front, after which the first convolution is 1x1.
	Whitening *WhiteningSettings `json:"whitening,omitempty"`
	// NoStem leaves the first convolution out: an activation follows the whitening, which there must be, and then
	// the stages, of which the first must be a [BlockPlain].
	NoStem bool `json:"no_stem,omitempty"`
	// BareStem leaves the first convolution without norm and activation, as those of pre-activation stages
	// follow.
	BareStem bool `json:"bare_stem,omitempty"`
	// Stages come after the first convolution, in order.
	Stages []Stage `json:"stages"`
	// Norm has the settings of every batch norm.
	Norm NormSettings `json:"norm,omitzero"`
	// Activation is what follows every batch norm.
	Activation Activation `json:"activation,omitzero"`
	// WhiteningActivation is what follows the whitening where there is no stem. Its zero value stands for Activation.
	WhiteningActivation Activation `json:"whitening_activation,omitzero"`
	// PoolAt is where a stage's pool stands.
	PoolAt PoolAt `json:"pool_at,omitempty"`
	// ActivateSums has the last activation of a Residual follow the sum with the shortcut, as in the first residual
	// networks (https://arxiv.org/abs/1512.03385), rather than end the branch.
	ActivateSums bool `json:"activate_sums,omitempty"`
	// IdentityStart starts 3x3 convolutions of the stages as the identity: see [Conv].
	IdentityStart bool `json:"identity_start,omitempty"`
	// MeanPool adds the mean to the maximum that each channel has over the last stage's output.
	MeanPool bool `json:"mean_pool,omitempty"`
	// ClassifierBias gives the classifier a bias.
	ClassifierBias bool `json:"classifier_bias,omitempty"`
	// UnitClassifier divides the classifier's weights, as they start, by their standard deviation.
	UnitClassifier bool `json:"unit_classifier,omitempty"`
	// LogitScale multiplies the logits; 0 leaves them as they are.
	LogitScale float64 `json:"logit_scale,omitempty"`
}

// Stage is a part of a network after which the image is smaller, or has more channels, or both.
type Stage struct {
	// Channels is the number of output channels, in multiples of the design's width.
	Channels int `json:"channels"`
	// Block is what the stage is made of.
	Block Block `json:"block,omitempty"`
	// Down is how it halves the image's height and width.
	Down Down `json:"down,omitempty"`
	// Kernel is the kernel of a [BlockPlain] stage's first convolution, 1 or 3; 0 stands for 3.
	Kernel int `json:"kernel,omitempty"`
	// Extra is how many further convolutions follow the pool, each with norm and activation.
	Extra int `json:"extra,omitempty"`
	// Residual ends the stage with a residual block of two convolutions, each with norm and activation: see
	// [Design.ActivateSums].
	Residual bool `json:"residual,omitempty"`
}

// Block is what a stage is made of.
type Block string

// The blocks of a [Stage].
const (
	// BlockPlain is a convolution, norm and activation.
	BlockPlain Block = ""
	// BlockPreActivation is two residual blocks of norm, activation, convolution, norm, activation and
	// convolution (https://arxiv.org/abs/1603.05027). The shortcut starts after the first activation, and is a
	// 1x1 convolution where the shape changes.
	BlockPreActivation Block = "preactivation"
	// BlockShortest is BlockPreActivation without the branches of two convolutions: the shortest path
	// through it.
	BlockShortest Block = "shortest"
)

// Down is how a stage halves height and width.
type Down string

// The ways in which a [Stage] halves height and width.
const (
	// DownNone leaves the size as it is.
	DownNone Down = ""
	// DownStride gives the stage's first convolutions a stride of 2.
	DownStride Down = "stride"
	// DownPool is a 2x2 max-pool after a [BlockPlain] stage's convolution, at the design's PoolAt. Of an odd height or
	// width it drops the last row or column; [Network.Summary] then says floor.
	DownPool Down = "pool"
)

// PoolAt is where a stage's max-pool stands: [PoolAfterActivation], [PoolBeforeActivation] or [PoolBeforeNorm].
type PoolAt string

// The places of a pool.
const (
	// PoolAfterActivation pools what the stage has made: convolution, norm, activation, pool.
	PoolAfterActivation PoolAt = ""
	// PoolBeforeActivation pools between norm and activation. With an activation that only rises the result is the
	// same, at a quarter of the activation's work.
	PoolBeforeActivation PoolAt = "before activation"
	// PoolBeforeNorm pools between convolution and norm, whose statistics are then those of the maxima.
	PoolBeforeNorm PoolAt = "before norm"
)

// Activation is the choice of a network's activation.
type Activation struct {
	// Kind is "relu", "celu", "gelu" or "silu"; "" stands for "relu".
	Kind string `json:"kind"`
	// Alpha is CELU's, more than 0.
	Alpha float64 `json:"alpha,omitempty"`
}

// layer is the activation as a layer that can be.
func (a Activation) layer() (Layer, error) {
	if a.Alpha != 0 && a.Kind != "celu" {
		return nil, fmt.Errorf("activation %q has alpha %g, which is for celu only", a.Kind, a.Alpha)
	}
	switch a.Kind {
	case "", "relu":
		return ReLU{}, nil
	case "celu":
		l := CELU{a.Alpha}
		if _, err := l.resolve(data.Shape{}); err != nil {
			return nil, fmt.Errorf("activation %q: %w", a.Kind, err)
		}
		return l, nil
	case "gelu":
		return GELU{}, nil
	case "silu":
		return SiLU{}, nil
	}
	return nil, fmt.Errorf(`activation %q, want "relu", "celu", "gelu" or "silu"`, a.Kind)
}

// Build fits the design to images of any size that its stages leave something of, and to classes. Its errors wrap
// [ErrNetwork].
func (d Design) Build(images data.Shape, classes int) (Network, error) {
	if err := d.Validate(); err != nil {
		return Network{}, err
	}
	if least := d.leastSize(); images.Height >= 1 && images.Width >= 1 && min(images.Height, images.Width) < least {
		return Network{}, fmt.Errorf("%w: images of %v are too small for design %q: need %dx%d at least, or fewer stages that halve them",
			ErrNetwork, images, d.Name, least, least)
	}
	b := builder{design: d}
	b.activation, _ = d.Activation.layer()
	b.whiteningActivation, _ = cmp.Or(d.WhiteningActivation, d.Activation).layer()
	n := Network{Name: d.Name, Input: images}
	n.Layers = append(n.Layers, b.stem()...)
	channels := d.Width
	for i, s := range d.Stages {
		n.Layers = append(n.Layers, b.stage(fmt.Sprintf("layer%d", i+1), s, channels)...)
		channels = s.Channels * d.Width
	}
	n.Layers = append(n.Layers, b.head(classes)...)
	floorPools(n.Layers, images)
	_, err := n.Plan()
	return n, err
}

// leastSize is the least height and width that have a patch for the whitening, and of which the stages leave a pixel.
func (d Design) leastSize() int {
	size := 1
	for _, s := range slices.Backward(d.Stages) {
		switch {
		case size > maxValues: // no image is as large
		case s.Down == DownPool:
			size *= 2
		case s.Down == DownStride:
			size = 2*size - 1 // of which every second pixel is left
		}
	}
	if w := d.Whitening; w != nil {
		size = max(size+w.Kernel-1-2*w.Pad(), w.Kernel)
	}
	return size
}

// floorPools has the pools among layers, and in their blocks, drop the last row or column where they are given an odd number
// of them.
func floorPools(layers []Layer, in data.Shape) {
	for i, l := range layers {
		if typeName(l) == "" {
			return // a problem of the network
		}
		switch l := l.(type) {
		case MaxPool:
			if l.Size > 0 {
				l.Floor = in.Height%l.Size != 0 || in.Width%l.Size != 0
				layers[i] = l
			}
		case Residual:
			floorPools(l.Branch, in)
			floorPools(l.Shortcut, in)
		}
		r, err := layers[i].resolve(in)
		if err != nil {
			return // a problem of the network
		}
		in = r.out
	}
}

// Validate reports every problem that does not depend on images and classes. The error wraps [ErrNetwork].
func (d Design) Validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	// resolves reports a layer that suits no images: none suit more layers than those of one patch in one channel.
	resolves := func(l Layer) {
		if _, err := l.resolve(data.Shape{Height: 3, Width: 3, Channels: 1}); err != nil {
			problems = append(problems, fmt.Errorf("%v: %w", l, err))
		}
	}
	mostChannels := maxChannels // in multiples of the width
	if d.Width >= 1 && d.Width <= maxChannels {
		mostChannels /= d.Width
	} else {
		check(false, "width %d, need 1 to %d", d.Width, maxChannels)
	}
	check(math.Abs(d.LogitScale) <= math.MaxFloat32, "logit scale %g, need a finite float32", d.LogitScale)
	if _, err := d.Activation.layer(); err != nil {
		problems = append(problems, err)
	}
	if d.WhiteningActivation != (Activation{}) {
		check(d.NoStem, "an activation behind the whitening, and a stem in its place")
		if _, err := d.WhiteningActivation.layer(); err != nil {
			problems = append(problems, fmt.Errorf("behind the whitening: %w", err))
		}
	}
	if d.Whitening != nil {
		resolves(PatchWhitening{"whitening", *d.Whitening})
	}
	resolves(BatchNorm{"norm", d.Norm})
	switch d.PoolAt {
	case PoolAfterActivation, PoolBeforeActivation, PoolBeforeNorm:
	default:
		check(false, "a pool at %q, want %q, %q or %q", d.PoolAt, PoolAfterActivation, PoolBeforeActivation, PoolBeforeNorm)
	}
	if d.NoStem {
		check(d.Whitening != nil, "no stem, and no whitening in its place")
		check(!d.BareStem, "no stem and a bare one")
		check(len(d.Stages) > 0 && d.Stages[0].Block == BlockPlain, "no stem, and no plain block first")
	}
	check(len(d.Stages) <= maxStages, "%d stages, need no more than %d", len(d.Stages), maxStages)
	for i, s := range d.Stages {
		check(s.Channels >= 1 && s.Channels <= mostChannels, "stage %d: channels %d times the width, need 1 to %d", i+1, s.Channels, mostChannels)
		check(s.Extra >= 0 && s.Extra <= maxStages, "stage %d: %d extra convolutions, need 0 to %d", i+1, s.Extra, maxStages)
		switch s.Down {
		case DownNone, DownStride, DownPool:
		default:
			check(false, "stage %d: down %q, want %q, %q or %q", i+1, s.Down, DownNone, DownStride, DownPool)
		}
		switch s.Block {
		case BlockPlain:
			check(slices.Contains([]int{0, 1, 3}, s.Kernel), "stage %d: kernel %d, want 1 or 3", i+1, s.Kernel)
		case BlockPreActivation, BlockShortest:
			check(s.Down != DownPool, "stage %d: a pool in a %s block", i+1, s.Block)
			check(s.Kernel == 0, "stage %d: a kernel of %d in a %s block", i+1, s.Kernel, s.Block)
		default:
			check(false, "stage %d: block %q, want %q, %q or %q", i+1, s.Block, BlockPlain, BlockPreActivation, BlockShortest)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w: design %q: %w", ErrNetwork, d.Name, errors.Join(problems...))
}

// maxStages is far more than an image can be halved.
const maxStages = 64

// builder makes the layers of a design.
type builder struct {
	design                          Design
	activation, whiteningActivation Layer
}

// stem is the first convolution, with the whitening before it.
func (b builder) stem() []Layer {
	var stem []Layer
	conv := Conv{Name: "prep/conv", Out: b.design.Width, Kernel: 3, Stride: 1}
	if w := b.design.Whitening; w != nil {
		stem = append(stem, PatchWhitening{"prep/whitening", *w})
		conv.Kernel = 1
	}
	if b.design.NoStem {
		return append(stem, b.whiteningActivation)
	}
	stem = append(stem, conv)
	if !b.design.BareStem {
		stem = append(stem, b.norm("prep/norm"), b.activation)
	}
	return stem
}

func (b builder) stage(name string, s Stage, in int) []Layer {
	out, stride := s.Channels*b.design.Width, 1
	if s.Down == DownStride {
		stride = 2
	}
	var all []Layer
	switch s.Block {
	case BlockPlain:
		all = b.plain(name, s, out, stride)
	default:
		all = append(b.preActivation(name+"/block1", s.Block, in, out, stride), b.preActivation(name+"/block2", s.Block, out, out, 1)...)
	}
	for i := range s.Extra {
		all = append(all, b.convNormActivation(name+"/extra", fmt.Sprint(i+1), out)...)
	}
	if s.Residual {
		all = append(all, b.residual(name+"/residual", out)...)
	}
	return all
}

// residual is a residual block of two convolutions, and the activation behind it if there is one.
func (b builder) residual(name string, out int) []Layer {
	branch := append(b.convNormActivation(name, "1", out), b.convNormActivation(name, "2", out)...)
	if last := len(branch) - 1; b.design.ActivateSums {
		return []Layer{Residual{Branch: branch[:last:last]}, branch[last]}
	}
	return []Layer{Residual{Branch: branch}}
}

// plain is a convolution, norm and activation, with a pool among them if the stage has one.
func (b builder) plain(name string, s Stage, out, stride int) []Layer {
	kernel := cmp.Or(s.Kernel, 3)
	conv := Conv{Name: name + "/conv", Out: out, Kernel: kernel, Stride: stride, Identity: b.design.IdentityStart && kernel == 3}
	norm := b.norm(name + "/norm")
	if s.Down != DownPool {
		return []Layer{conv, norm, b.activation}
	}
	switch pool := (MaxPool{Size: 2}); b.design.PoolAt {
	case PoolBeforeNorm:
		return []Layer{conv, pool, norm, b.activation}
	case PoolBeforeActivation:
		return []Layer{conv, norm, pool, b.activation}
	default:
		return []Layer{conv, norm, b.activation, pool}
	}
}

// preActivation is one residual block, or the shortest path through it.
func (b builder) preActivation(name string, kind Block, in, out, stride int) []Layer {
	var shortcut []Layer
	if in != out || stride != 1 {
		shortcut = []Layer{Conv{Name: name + "/shortcut", Out: out, Kernel: 1, Stride: stride}}
	}
	block := []Layer{b.norm(name + "/norm1"), b.activation}
	if kind == BlockShortest {
		return append(block, shortcut...)
	}
	return append(block, Residual{Shortcut: shortcut, Branch: []Layer{
		Conv{Name: name + "/conv1", Out: out, Kernel: 3, Stride: stride, Identity: b.design.IdentityStart},
		b.norm(name + "/norm2"), b.activation,
		Conv{Name: name + "/conv2", Out: out, Kernel: 3, Stride: 1, Identity: b.design.IdentityStart},
	}})
}

func (b builder) convNormActivation(name, number string, out int) []Layer {
	return []Layer{
		Conv{Name: name + "/conv" + number, Out: out, Kernel: 3, Stride: 1, Identity: b.design.IdentityStart},
		b.norm(name + "/norm" + number), b.activation,
	}
}

func (b builder) norm(name string) BatchNorm { return BatchNorm{name, b.design.Norm} }

// head pools what is left of the image and classifies it.
func (b builder) head(classes int) []Layer {
	var pool Layer = GlobalMaxPool{}
	if b.design.MeanPool {
		pool = GlobalMaxMeanPool{}
	}
	head := []Layer{pool, Linear{Name: "classifier", Out: classes, Bias: b.design.ClassifierBias, UnitStart: b.design.UnitClassifier}}
	if b.design.LogitScale != 0 {
		head = append(head, Scale{Factor: b.design.LogitScale})
	}
	return head
}
