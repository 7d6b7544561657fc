package layers

import (
	"fmt"
	"math"

	"github.com/fastresnet/fastresnet/data"
)

// ReLU is max(x, 0), with gradient 0 at 0. What is not a number stays so.
type ReLU struct{}

func (ReLU) String() string                          { return "ReLU" }
func (ReLU) resolve(in data.Shape) (resolved, error) { return resolved{out: in}, nil }

// CELU is x above 0 and Alpha·(exp(x/Alpha) - 1) below (https://arxiv.org/abs/1704.07483): a smooth ReLU,
// the sharper the smaller Alpha is.
type CELU struct {
	// Alpha is more than 0.
	Alpha float64 `json:"alpha"`
}

func (c CELU) String() string { return fmt.Sprintf("CELU %g", c.Alpha) }

func (c CELU) resolve(in data.Shape) (resolved, error) {
	if !(c.Alpha >= smallest && c.Alpha <= math.MaxFloat32) {
		return resolved{}, fmt.Errorf("alpha %g, need a positive float32", c.Alpha)
	}
	return resolved{out: in}, nil
}

// GELU is x·Φ(x), Φ being the cumulative normal distribution (https://arxiv.org/abs/1606.08415), in its exact
// form.
type GELU struct{}

func (GELU) String() string                          { return "GELU" }
func (GELU) resolve(in data.Shape) (resolved, error) { return resolved{out: in}, nil }

// SiLU is x·σ(x), σ(x) being the sigmoid 1/(1 + exp(-x)) (https://arxiv.org/abs/1606.08415,
// https://arxiv.org/abs/1702.03118). It is also called swish.
type SiLU struct{}

func (SiLU) String() string                          { return "SiLU" }
func (SiLU) resolve(in data.Shape) (resolved, error) { return resolved{out: in}, nil }

// smallest is the least positive number that every engine computes with: some take lesser ones for 0.
const smallest = 0x1p-126

// Scale multiplies by a constant; after the classifier it sets the sharpness of the logits.
type Scale struct {
	// Factor is finite as a float32.
	Factor float64 `json:"factor"`
}

func (s Scale) String() string { return fmt.Sprintf("Scale x%g", s.Factor) }

func (s Scale) resolve(in data.Shape) (resolved, error) {
	if !(math.Abs(s.Factor) <= math.MaxFloat32) {
		return resolved{}, fmt.Errorf("factor %g, need a finite float32", s.Factor)
	}
	return resolved{out: in}, nil
}
