package layers

// Airbench94 is the network of the speedrun airbench94, as it stands in its version with Muon
// (https://github.com/KellerJordan/cifar10-airbench): a whitening of 2x2 patches and an activation, three stages
// of two convolutions, of width, 4 and 4 times the width, and a classifier over each channel's maximum. On 32x32
// images at width 64 a forward pass costs 118 M multiply-adds.
func Airbench94() Design {
	return Design{
		Name: "airbench94", Width: 64,
		Whitening: &WhiteningSettings{Kernel: 2, Epsilon: 5e-4, Images: 5_000, Unpadded: true, Negatives: true, Bias: true},
		NoStem:    true,
		Stages: []Stage{ // 31x31 after the whitening, then 15x15, 7x7 and 3x3
			{Channels: 1, Down: DownPool, Extra: 1},
			{Channels: 4, Down: DownPool, Extra: 1},
			{Channels: 4, Down: DownPool, Extra: 1},
		},
		Norm:          NormSettings{FrozenScale: true, Epsilon: 1e-12, Momentum: 0.4},
		Activation:    Activation{Kind: "gelu"},
		PoolAt:        PoolBeforeNorm,
		IdentityStart: true, UnitClassifier: true,
		LogitScale: 1. / 256,
	}
}

// Airbench96 is the network of the speedrun airbench96 (https://github.com/KellerJordan/cifar10-airbench,
// legacy/airbench96.py): [Airbench94] wider, with stages of width, 3 and 4 times the width, and with one more convolution a
// stage and a residual connection over the last two. On 32x32 images at width 128 a forward pass costs 452 M multiply-adds.
func Airbench96() Design {
	d := Airbench94()
	d.Name, d.Width = "airbench96", 128
	d.Whitening.ZeroBias = true
	d.Stages = []Stage{
		{Channels: 1, Down: DownPool, Residual: true},
		{Channels: 3, Down: DownPool, Residual: true},
		{Channels: 4, Down: DownPool, Residual: true},
	}
	d.ActivateSums, d.UnitClassifier = true, false
	d.Norm.Momentum = 0 // the usual one
	d.LogitScale = 1. / 9
	return d
}
