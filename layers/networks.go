package layers

import (
	"fmt"
	"slices"
	"strings"
)

// Dawn is the network that the source series starts from: a convolution and four stages of two
// pre-activation residual blocks, of width, 2, 4 and 4 times the width. Images of 32x32 cost 460 M
// multiply-adds forward at width 64.
//
// Images may have any height and width. Those of multiples of 8 are halved exactly.
func Dawn() Design {
	return Design{
		Name: "dawn", Width: 64, BareStem: true,
		Stages: []Stage{
			{Channels: 1, Block: BlockPreActivation},
			{Channels: 2, Block: BlockPreActivation, Down: DownStride},
			{Channels: 4, Block: BlockPreActivation, Down: DownStride},
			{Channels: 4, Block: BlockPreActivation, Down: DownStride},
		},
		Norm:     NormSettings{RandomScale: true},
		MeanPool: true, ClassifierBias: true,
	}
}

// Backbone is the network of the series' rung 14: a convolution and three stages of convolution, norm,
// activation and pool, of 2, 4 and 8 times the width.
//
// Images must have a height and width of 8 at least. Of those that are no multiples of 8, pools drop a row or column.
func Backbone() Design {
	return Design{
		Name: "backbone", Width: 64,
		Stages: []Stage{
			{Channels: 2, Down: DownPool},
			{Channels: 4, Down: DownPool},
			{Channels: 8, Down: DownPool},
		},
		LogitScale: 0.125,
	}
}

// ResNet9 is the network of the series' rungs 17 and 18: [Backbone] with a residual block of two
// convolutions at the end of the first and the third stage. On 32x32 images in 10 classes at width 64 a
// forward pass costs 379 M multiply-adds.
//
// Images must have a height and width of 8 at least. Of those that are no multiples of 8, pools drop a row or column.
func ResNet9() Design {
	d := Backbone()
	d.Name = "resnet9"
	d.Stages[0].Residual, d.Stages[2].Residual = true, true
	return d
}

// architectures are the designs that can be asked for by name, those of the series in its order first.
func architectures() []Design {
	return []Design{Dawn(), Backbone(), ResNet9(), Airbench94(), Airbench96()}
}

// DesignNames lists the names that [DesignByName] knows, those of the series in its order first.
func DesignNames() []string {
	var names []string
	for _, d := range architectures() {
		names = append(names, d.Name)
	}
	return names
}

// DesignByName returns a named design at its published width. The error wraps [ErrNetwork] and lists the
// names.
func DesignByName(name string) (Design, error) {
	all := architectures()
	if i := slices.IndexFunc(all, func(d Design) bool { return d.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Design{}, fmt.Errorf("%w: unknown architecture %q, want one of: %s", ErrNetwork, name, strings.Join(DesignNames(), ", "))
}

// Clone is a copy that shares nothing with the design.
func (d Design) Clone() Design {
	d.Stages = slices.Clone(d.Stages)
	if d.Whitening != nil {
		w := *d.Whitening
		d.Whitening = &w
	}
	return d
}
