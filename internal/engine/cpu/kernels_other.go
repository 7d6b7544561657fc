//go:build !amd64 && !arm64

package cpu

// available lists the kernels that run on this machine, the fastest first.
func available() []*kernels { return []*kernels{&scalar} }
