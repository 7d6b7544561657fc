package program

import (
	"os"
	"path/filepath"

	"github.com/fastresnet/fastresnet"
)

// AutotuneCache keeps what XLA finds out about a GPU in the user's cache folder, where there is one.
func AutotuneCache() fastresnet.Option {
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return fastresnet.WithAutotuneCache(filepath.Join(folder, "fastresnet", "xla"))
}
