package fastresnet

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/fastresnet/fastresnet/data"
)

// clone is a copy that shares nothing with the record.
func (r Record) clone() Record {
	r.Recipe = r.Recipe.Clone()
	r.PassedOver, r.Warnings, r.Epochs = slices.Clone(r.PassedOver), slices.Clone(r.Warnings), slices.Clone(r.Epochs)
	return r
}

// MarshalJSON writes all but augmentations that are not package data's.
func (r Record) MarshalJSON() ([]byte, error) {
	r.Recipe.Augmentations = slices.DeleteFunc(slices.Clone(r.Recipe.Augmentations), func(a data.Augmentation) bool {
		_, err := json.Marshal(data.Augmentations{a})
		return err != nil
	})
	type plain Record // without this method
	return json.Marshal(plain(r))
}

// epochJSON has null for a loss that is not finite, which JSON has no number for: a diverged run's.
type epochJSON struct {
	plainEpoch
	TrainLoss *float64 `json:"train_loss"`
	TestLoss  *float64 `json:"test_loss"`
}

type plainEpoch Epoch // without its methods

// MarshalJSON writes a loss that is not finite as null.
func (e Epoch) MarshalJSON() ([]byte, error) {
	orNull := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(epochJSON{plainEpoch: plainEpoch(e), TrainLoss: orNull(e.TrainLoss), TestLoss: orNull(e.TestLoss)})
}

// UnmarshalJSON reads a loss that is null as not a number.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	var read epochJSON
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	orNaN := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	*e = Epoch(read.plainEpoch)
	e.TrainLoss, e.TestLoss = orNaN(read.TrainLoss), orNaN(read.TestLoss)
	return nil
}
