package data

import "io"

// ReadCIFAR10 reads CIFAR-10 from files of any number of records, so that tests can use small ones.
func ReadCIFAR10(path string, records int) (train, test *Dataset, err error) {
	return cifar10(records).read(path)
}

// ReadCIFAR100 is the same for CIFAR-100, whose two files have different numbers.
func ReadCIFAR100(path string, coarse bool, train, test int) (*Dataset, *Dataset, error) {
	return cifar100(coarse, train, test).read(path)
}

// ReadCIFAR10Python reads the version for Python, from files of any number of images.
func ReadCIFAR10Python(path string, records int) (train, test *Dataset, err error) {
	return cifar10(records).readPython(path, "labels", "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
}

// ReadPickle reads a pickle.
var ReadPickle = readPickle

// ReadRecords reads the records of one of CIFAR-10's files.
func ReadRecords(r io.Reader, pixels []uint8, labels []int) error {
	return cifar10(0).readRecords(r, pixels, labels)
}
