package layers

import (
	"fmt"

	"github.com/fastresnet/fastresnet/data"
)

// Architecture makes a network for images of a shape, in a number of classes. It is a [Design], which fits many, or a
// [Network], which fits those that it was made for.
type Architecture interface {
	// Build makes the network for images of a shape, in a number of classes. Its errors wrap [ErrNetwork].
	Build(images data.Shape, classes int) (Network, error)

	architecture() // there are no others
}

func (Design) architecture()  {}
func (Network) architecture() {}

// Build returns a copy of the network, if it is one for such images and classes: [Network.ForImages] adapts it to others. Its
// errors wrap [ErrNetwork].
func (n Network) Build(images data.Shape, classes int) (Network, error) {
	_, out, err := n.resolve()
	if err != nil {
		return Network{}, err
	}
	if n.Input != images {
		return Network{}, fmt.Errorf("%w: the network takes images of %v, not of %v", ErrNetwork, n.Input, images)
	}
	if out.Channels != classes {
		return Network{}, fmt.Errorf("%w: the network has %d classes, not %d", ErrNetwork, out.Channels, classes)
	}
	return n.Clone(), nil
}
