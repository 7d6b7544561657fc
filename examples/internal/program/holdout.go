package program

import (
	"math"

	"github.com/fastresnet/fastresnet/data"
)

// HoldOut divides images as a setting says that is their share, below 1, or from 1 on their number: see [data.Dataset.Split].
func HoldOut(images *data.Dataset, setting float64, seed uint64) (train, test *data.Dataset, err error) {
	if setting < 1 {
		return images.Split(setting, seed)
	}
	return images.SplitN(int(min(setting, math.MaxInt32)), seed)
}
