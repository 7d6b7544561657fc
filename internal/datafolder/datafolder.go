// Package datafolder is where data sets are looked for, and downloaded to, if no place is named.
package datafolder

import (
	"os"
	"path/filepath"
)

// Variable is that of the environment that names the place.
const Variable = "FASTRESNET_DATA"

// Path is what [Variable] names, or else the folder fastresnet of [os.UserCacheDir].
func Path() (string, error) {
	if named := os.Getenv(Variable); named != "" {
		return named, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "fastresnet"), nil
}
