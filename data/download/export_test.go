package download

import "testing"

// CIFAR10Files are those that CIFAR10 fetches, the archive last, until the test ends others.
func CIFAR10Files(t *testing.T, train, test, archive File) {
	before := []File{cifar10Train, cifar10Test, cifar10Archive}
	cifar10Train, cifar10Test, cifar10Archive = train, test, archive
	t.Cleanup(func() { cifar10Train, cifar10Test, cifar10Archive = before[0], before[1], before[2] })
}
