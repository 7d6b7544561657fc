package data_test

import (
	"fmt"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

func TestLoadingValidate(t *testing.T) {
	for _, loading := range []data.Loading{data.LoadInBulk, data.LoadPerImage, data.LoadEveryEpoch, ""} {
		if err := loading.Validate(); err != nil {
			t.Errorf("Validate of %q = %v, want nil", loading, err)
		}
	}
	for _, loading := range []data.Loading{"per-image", "Per image", " ", "bulk"} {
		checkError(t, loading.Validate(), data.ErrFormat, fmt.Sprintf("%q", string(loading)), `"per image"`, `"every epoch"`)
	}
}
