//go:build !(cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)))

package quiet

// Klog does nothing in a program without XLA, which has no klog.
func Klog() {}
