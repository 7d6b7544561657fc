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

// ReadPickle reads a pickle.
var ReadPickle = readPickle

// ReadRecords reads the records of one of CIFAR-10's files.
func ReadRecords(r io.Reader, pixels []uint8, labels []int) error {
	return cifarRecords{labels: 1}.read(r, pixels, labels, len(cifar10Classes))
}
