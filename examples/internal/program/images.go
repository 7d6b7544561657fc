package program

import (
	"errors"
	"fmt"

	"github.com/fastresnet/fastresnet/data"
)

// SyntheticImages is the value of -data for images that are drawn.
const SyntheticImages = "synthetic"

// How many images there are, of CIFAR-10 and of those that are drawn.
const (
	TrainImages = 50_000
	TestImages  = 10_000
)

// ImagesUsage describes the flag -data.
const ImagesUsage = "`images`: auto, synthetic, DIR or FILE.tar.gz; auto is what FASTRESNET_DATA\nnames or, if that is not set, what is in the folder fastresnet of the user's cache folder"

// Fetching says how CIFAR-10 is had where it is not there.
const Fetching = "go run ./examples/cifar10 -download fetches it"

// BackendUsage describes the flag -backend, and DownloadUsage that of a program that downloads plugins.
const (
	BackendUsage  = "`name` of what computes: auto, go, xla:cuda, xla:cpu or xla:/path/to/plugin.so"
	DownloadUsage = BackendUsage + ";\nan XLA plugin that is missing is downloaded, with auto if there is an NVIDIA GPU"
)

// Images reads CIFAR-10, or draws images, as the flag -data says: the first ones, no more than the limits. A limit of 0
// is none.
func Images(from string, trainLimit, testLimit int) (train, test *data.Dataset, err error) {
	if from == SyntheticImages {
		// With other seeds than those of runs in mind.
		if train, err = data.Synthetic(limited(TrainImages, trainLimit), 1); err != nil {
			return nil, nil, err
		}
		test, err = data.Synthetic(limited(TestImages, testLimit), 2)
		return train, test, err
	}
	if from == "auto" {
		from = ""
	}
	train, test, err = data.CIFAR10(from)
	if errors.Is(err, data.ErrNotFound) {
		err = fmt.Errorf("%w; %s", err, Fetching)
	}
	if err != nil {
		return nil, nil, err
	}
	if train, err = train.Slice(0, limited(train.Len(), trainLimit)); err != nil {
		return nil, nil, err
	}
	test, err = test.Slice(0, limited(test.Len(), testLimit))
	return train, test, err
}

// limited is the smaller of two numbers of images, the limit 0 being none.
func limited(n, limit int) int {
	if limit > 0 {
		return min(n, limit)
	}
	return n
}
