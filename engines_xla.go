//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package fastresnet

import _ "github.com/fastresnet/fastresnet/internal/engine/xla" // registers "xla"
