package fastresnet

import _ "github.com/fastresnet/fastresnet/internal/engine/cpu" // registers "go"
