//go:build !(cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)))

package engine

import "fmt"

func openXLA(config string, _ bool) (*Device, error) {
	return nil, fmt.Errorf("%w: xla:%s: this program was built without cgo, or for a platform that has no XLA", ErrBackend, config)
}
