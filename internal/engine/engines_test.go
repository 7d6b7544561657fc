package engine_test

import _ "github.com/fastresnet/fastresnet/internal/engine/cpu" // registers "go"
