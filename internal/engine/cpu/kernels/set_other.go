//go:build !amd64 && !arm64

package kernels

// Available lists the sets of kernels that run on this machine, the fastest first.
func Available() []*Set { return []*Set{&scalar} }
