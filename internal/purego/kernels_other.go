//go:build !amd64 && !arm64

package purego

// available lists the kernels that run on this machine, the fastest first.
func available() []*kernels { return []*kernels{&scalar} }
