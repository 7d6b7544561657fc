// Package data holds the images to train on: the sets themselves, the numbers that normalise them,
// and the random changes that augment them. It is plain Go and knows nothing of devices or graphs.
//
// A [Dataset] is a set of labelled images of one size, bytes in memory, that never changes. [New]
// makes one from any pixels, [CIFAR10], [CIFAR100], [MNIST], [IDX], [NPY] and [NPZ] read files, and [Synthetic] draws
// images of simple figures, for which no files are needed. Package picture makes sets of pictures in folders, package
// parquet of those that public hubs keep, and package download fetches files. [Dataset.Split] and its like take a set
// apart.
//
// An [Augmentation] is a random change to a training image: [Crop], [FlipLR], [AlternatingFlip],
// [Cutout], [Erasing], [ResizedCrop], [Rotation], [ColourJitter], [Greyscale], or one of your own. It draws its random
// choices apart from applying them, so that the choices of a whole
// epoch can be drawn at once, from one seed, and are the same on every device. The forms in this
// package are the definition; those that run on a device are tested against them.
//
// # What to know first
//
// Nothing is downloaded: [CIFAR10] reads files that are there already, and [FindCIFAR10] says where
// it looks and how to get them. A set is held whole: CIFAR-10 takes 184 MB. [Dataset.Pixels] shares
// that memory rather than copying it, and must not be written to.
package data
