// Package pretrained has trained models that come along with the library, in the program that imports it: to try it at
// once, and to start from with fastresnet.WithInitialModel. README.md is their card.
package pretrained

import (
	"bytes"
	_ "embed"

	"github.com/fastresnet/fastresnet"
)

//go:embed cifar10.safetensors
var cifar10 []byte

// CIFAR10 is a classifier of 32x32 colour images in the ten classes of CIFAR-10, airplane to truck, that gets 94 % of its
// test images right: airbench94 at width 64, 1.97 million weights, which are 4 MB of the program. Pictures of any size can
// be classified: Predict scales them. It knows nothing but those ten classes, and takes everything for one of them.
//
// Every call makes a model of its own, to be closed. The options and errors are those of [fastresnet.ReadModel].
func CIFAR10(opts ...fastresnet.LoadOption) (*fastresnet.Model, error) {
	return fastresnet.ReadModel(bytes.NewReader(cifar10), opts...)
}
