// Package modelfile is the flag -model of the programs that use a trained model.
package modelfile

import (
	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/pretrained"
)

// Usage describes the flag.
const Usage = "`file` of the trained model, as pictures -save, cifar10 -save and quickstart write it\n(default the one that comes along, for the classes of CIFAR-10)"

// Load loads the model of a file, or the one that comes along if none is named.
func Load(file string, opts ...fastresnet.LoadOption) (*fastresnet.Model, error) {
	if file == "" {
		return pretrained.CIFAR10(opts...)
	}
	return fastresnet.Load(file, opts...)
}
