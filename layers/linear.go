package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
)

// Linear is a fully connected layer over the flattened image: [batch, 1, 1, Out]. Its variables are
// Name/weight [Out, in], uniform in ±1/sqrt(in), and, with Bias, Name/bias [Out], started likewise.
type Linear struct {
	Name string `json:"name"`
	// Out is the number of outputs; the last linear layer's is the number of classes.
	Out int `json:"out"`
	// Bias adds a trainable bias.
	Bias bool `json:"bias,omitempty"`
	// UnitStart divides the weights, as they start, by their standard deviation, Bessel's correction applied.
	UnitStart bool `json:"unit_start,omitempty"`
}

func (l Linear) String() string {
	text := fmt.Sprintf("Linear -> %d", l.Out)
	if l.Bias {
		text += " + bias"
	}
	if l.UnitStart {
		text += ", unit start"
	}
	return text
}

func (l Linear) resolve(in data.Shape) (resolved, error) {
	if l.Out < 1 || l.Out > maxChannels {
		return resolved{}, fmt.Errorf("%q has %d outputs, need 1 to %d", l.Name, l.Out, maxChannels)
	}
	w := weight(l.Name+"/weight", in.Size(), l.Out, in.Size())
	w.UnitDeviation = l.UnitStart
	r := resolved{
		out:          data.Shape{Height: 1, Width: 1, Channels: l.Out},
		variables:    []Variable{w},
		multiplyAdds: int64(l.Out) * int64(in.Size()),
	}
	if l.Bias {
		bias := weight(l.Name+"/bias", in.Size(), l.Out)
		bias.Bias = true
		r.variables = append(r.variables, bias)
	}
	return r, nil
}
