package layers

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fastresnet/fastresnet/data"
)

// BatchNorm normalises every channel over batch, height and width, then scales and shifts it
// (https://arxiv.org/abs/1502.03167).
//
// In training it uses the batch's mean and biased variance, and moves the running statistics by
// its momentum towards the batch's mean and unbiased variance; in evaluation it uses the running ones.
// Variables, all [channels]: Name/scale (starts at 1) and Name/bias (0), trainable; Name/mean (0) and
// Name/variance (1), running statistics.
type BatchNorm struct {
	Name string `json:"name"`
	NormSettings
}

// NormSettings are the switches of a [BatchNorm]. The zero value is plain batch norm.
type NormSettings struct {
	// Groups, if more than 1, makes it ghost batch norm (https://arxiv.org/abs/1705.08741): in training the
	// batch is normalised in this many groups, an image's being its place in the batch modulo Groups. The
	// running statistics move towards the mean of the groups' statistics. Groups must divide the batch.
	Groups int `json:"groups,omitempty"`
	// FrozenScale leaves the scale out: it is 1 throughout.
	FrozenScale bool `json:"frozen_scale,omitempty"`
	// RandomScale starts scales uniform in [0, 1] rather than at 1.
	RandomScale bool `json:"random_scale,omitempty"`
	// LowPrecision computes in the network's precision. Without it a norm computes in float32, whatever the network does.
	LowPrecision bool `json:"low_precision,omitempty"`
	// Epsilon is added to the variance, from 0 to 1; 0 stands for 1e-5.
	Epsilon float64 `json:"epsilon,omitempty"`
	// Momentum is the weight of a batch's statistics in the running ones, from 0 to 1; 0 stands for 0.1.
	Momentum float64 `json:"momentum,omitempty"`
}

// Constants are the epsilon and the momentum that the settings stand for.
func (s NormSettings) Constants() (epsilon, momentum float64) {
	return cmp.Or(s.Epsilon, 1e-5), cmp.Or(s.Momentum, 0.1)
}

func (b BatchNorm) String() string {
	var settings []string
	if b.Groups > 1 {
		settings = append(settings, fmt.Sprintf("%d groups", b.Groups))
	}
	if b.FrozenScale {
		settings = append(settings, "frozen scale")
	}
	if b.RandomScale {
		settings = append(settings, "random scale")
	}
	if b.LowPrecision {
		settings = append(settings, "low precision")
	}
	if b.Epsilon != 0 {
		settings = append(settings, fmt.Sprintf("epsilon %g", b.Epsilon))
	}
	if b.Momentum != 0 {
		settings = append(settings, fmt.Sprintf("momentum %g", b.Momentum))
	}
	return strings.Join(append([]string{"BatchNorm"}, settings...), ", ")
}

func (b BatchNorm) resolve(in data.Shape) (resolved, error) {
	if b.Groups < 0 || b.Groups > maxGroups {
		return resolved{}, fmt.Errorf("%q has %d groups, need 0 to %d", b.Name, b.Groups, maxGroups)
	}
	if b.FrozenScale && b.RandomScale {
		return resolved{}, fmt.Errorf("%q has a scale that is both frozen at 1 and random", b.Name)
	}
	if !(b.Epsilon >= 0 && b.Epsilon <= 1 && b.Momentum >= 0 && b.Momentum <= 1) {
		return resolved{}, fmt.Errorf("%q has epsilon %g and momentum %g, need 0 to 1", b.Name, b.Epsilon, b.Momentum)
	}
	if b.Epsilon > 0 && b.Epsilon < smallest {
		return resolved{}, fmt.Errorf("%q has epsilon %g, which is 0 as a float32", b.Name, b.Epsilon)
	}
	dims := []int{in.Channels}
	var variables []Variable
	if !b.FrozenScale {
		scale := Variable{Name: b.Name + "/scale", Dims: dims, Trainable: true, Mean: 1}
		if b.RandomScale {
			scale.Mean, scale.Spread = 0.5, 0.5
		}
		variables = append(variables, scale)
	}
	return resolved{out: in, variables: append(variables,
		Variable{Name: b.Name + "/bias", Dims: dims, Trainable: true, Bias: true},
		Variable{Name: b.Name + "/mean", Dims: dims},
		Variable{Name: b.Name + "/variance", Dims: dims, Mean: 1},
	)}, nil
}

// maxGroups keeps a mistake from becoming an allocation.
const maxGroups = 1 << 16
