//go:build !(cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)))

package engine

import (
	"fmt"
	"strings"
)

// HasXLA says whether this program was built with XLA.
const HasXLA = false

func openXLA(config string, _ Opening) (*Device, error) {
	return nil, fmt.Errorf("%w: %s: this program was built without XLA, which needs cgo on Linux, macOS (arm64) or Windows (amd64): build it with CGO_ENABLED=1 and a C compiler", ErrBackend, strings.TrimSuffix("xla:"+config, ":"))
}
