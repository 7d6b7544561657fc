package fastresnet

import (
	"fmt"

	"github.com/fastresnet/fastresnet/layers"
)

// Selection has a run train on a part of each batch: the images that a small network finds the hardest, those that have
// the highest losses (https://arxiv.org/abs/1906.11829 selects by a small network, https://arxiv.org/abs/1910.00762 the
// hardest of a batch). That network sees every epoch right before the run's own does, with the same augmentations, and
// learns from what it selects, by the recipe's schedule, optimizers, label smoothing and class weights, whatever else the
// recipe or [WithInitialModel] says. It is not part of the model.
//
// It saves time where most images have become easy, and the small network costs little beside the large one. An [Epoch]
// then counts, and measures the training loss of, the images that were selected. What selecting takes is part of the time
// of the epoch's first step; observers do not hear of it. On XLA the small network has a copy of the training set of its
// own. Mixing and incomplete batches do not go with a selection.
type Selection struct {
	// Design is what the small network is made of. Its width is its own: that of layers.ResNet9, 64, is large beside most
	// networks. [WithWidth] changes it by the same factor as the run's.
	Design layers.Design `json:"design"`
	// Share is the part of a batch that is trained on, more than 0 and below 1, rounded down, and one image at least. The
	// learning rate is for the mean loss of those.
	Share float64 `json:"share"`
	// Every is how often the small network learns: in the first of every so many steps of an epoch, at least 1. In the
	// others it only looks at the batch, which is about a third of the work.
	Every int `json:"every"`
}

// of is the part of a batch that is selected.
func (s *Selection) of(batch int) int {
	const rounding = 1e-9
	return max(1, int(s.Share*float64(batch)+rounding))
}

// problems lists everything that is wrong with the selection, whatever is trained.
func (s *Selection) problems() (p problems) {
	p.want(s.Share > 0 && s.Share < 1, "selection: a share of %g, need more than 0 and less than 1", s.Share)
	p.want(s.Every >= 1, "selection: a network that learns every %d steps, need at least 1", s.Every)
	if err := s.Design.Validate(); err != nil {
		p.add(fmt.Errorf("selection: %w", err))
	}
	return p
}
