package data

// CIFAR100 reads the CIFAR-100 data set: 50,000 training and 10,000 test images, 32x32x3, of 100 classes, or, if coarse, of
// 20, each of them five of those together. It reads the binary version, and where that is not there the version for Python.
//
// The path is an official archive, cifar-100-binary.tar.gz or cifar-100-python.tar.gz, or the .tar in it; or the folder it
// unpacks to, cifar-100-binary or cifar-100-python; or a folder that holds any of these, or whose subfolder holds the files. An
// empty path stands for the environment's FASTRESNET_DATA, or the folder fastresnet of [os.UserCacheDir]. A folder of the version
// for Python must have the file meta too, as train and test may be files of anything. Errors are those of [CIFAR10].
//
// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version" and "Dataset layout".
func CIFAR100(path string, coarse bool) (train, test *Dataset, err error) {
	return cifar100(coarse, 50_000, 10_000).read(path)
}

// cifar100 is CIFAR-100 with a number of images in each of its two files.
func cifar100(coarse bool, train, test int) cifar {
	classes, records, pickle := cifar100Fine[:], cifarRecords{labels: 2, label: 1}, cifarPickle{"fine_labels"}
	if coarse {
		classes, records, pickle = cifar100Coarse[:], cifarRecords{labels: 2, label: 0}, cifarPickle{"coarse_labels"}
	}
	return cifar{
		name: "CIFAR-100", classes: classes, images: []int{train, test},
		versions: []cifarVersion{
			{archive: "cifar-100-binary.tar.gz", folder: "cifar-100-binary", files: []string{"train.bin", "test.bin"}, tell: 1,
				layout: records},
			{archive: "cifar-100-python.tar.gz", folder: "cifar-100-python", files: []string{"train", "test"}, tell: 2, mark: "meta",
				oneByOne: true, layout: pickle},
			{archive: "cifar-100-matlab.tar.gz", folder: "cifar-100-matlab", files: []string{"train.mat", "test.mat"}, tell: 1},
		},
	}
}

// The names in the official fine_label_names.txt and coarse_label_names.txt, in order of their label.
var (
	cifar100Fine = [...]string{
		"apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
		"bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
		"cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish",
		"forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
		"lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange",
		"orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine",
		"possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk",
		"skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
		"telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale",
		"willow_tree", "wolf", "woman", "worm",
	}
	cifar100Coarse = [...]string{
		"aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
		"household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
		"large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
		"people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
	}
)
