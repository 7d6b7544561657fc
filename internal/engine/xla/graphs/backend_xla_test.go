//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package graphs_test

import _ "github.com/gomlx/go-xla/compute/xla" // registers "xla"
