package fastresnet

import (
	"errors"
	"fmt"

	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/layers"
)

// Storage is the number format in which a file holds a model's filters and linear weights. Biases, what norms have and the
// filters of a patch whitening are few, and float32 whatever it is. It is not the format of computing, which is a
// [Precision]: the weights of a loaded model are float32 values, to which those of the file are widened.
type Storage string

// The formats of [WithStorage].
const (
	// StoreFloat32 keeps the weights as they are: 4 bytes each.
	StoreFloat32 Storage = "float32"
	// StoreFloat16 rounds them to IEEE half precision, of 11 bits and up to 65504: 2 bytes each.
	StoreFloat16 Storage = "float16"
	// StoreInt8 rounds them to integers from -127 to 127 times a scale, one for each output channel of a layer, which is a
	// 127th of the channel's largest magnitude: 1 byte each.
	StoreInt8 Storage = "int8"
)

// check reports a storage that there is not.
func (s Storage) check() error {
	switch s {
	case StoreFloat32, StoreFloat16, StoreInt8:
		return nil
	}
	return fmt.Errorf("%w: storage %q, want %q, %q or %q", ErrOption, s, StoreFloat32, StoreFloat16, StoreInt8)
}

// of is the type of a variable's values in a file.
func (s Storage) of(v layers.Variable) safetensors.Type {
	switch {
	case !narrowable(v) || s == StoreFloat32:
		return safetensors.F32
	case s == StoreFloat16:
		return safetensors.F16
	}
	return safetensors.I8
}

// narrowable says of a variable that a file may hold it in less than float32: filters and linear weights, which are nearly
// all of a model. Biases, scales and running statistics are few, and variances may be beyond float16. So are the filters
// of a patch whitening few, and rounding them, in front of all the rest, would change as many answers as rounding all the
// rest does.
func narrowable(v layers.Variable) bool { return len(v.Dims) > 1 && v.Whitening == nil }

// SaveOption changes one thing about the file that [Model.Save] or [Model.Write] writes. A nil SaveOption changes nothing.
type SaveOption interface{ save(*saving) }

// saving is what the options add up to.
type saving struct{ storage Storage }

// saveOption is an option of saving alone.
type saveOption func(*saving)

func (o saveOption) save(s *saving) { o(s) }

// WithStorage makes a model's file smaller: to about a half by [StoreFloat16], to a quarter by [StoreInt8]. Both round the
// weights; docs/models.md has what that does to the accuracy. The file then holds the weights that the model computes with,
// and not those of the last step beside their average. Saving a model that was loaded from such a file in the same way
// again changes nothing.
//
// An unknown storage is an error that wraps [ErrOption], and so is StoreFloat16 for a model with weights beyond 65504.
// Default: [StoreFloat32].
func WithStorage(s Storage) SaveOption {
	return saveOption(func(c *saving) { c.storage = s })
}

// configureSaving applies the options of Save and Write.
func configureSaving(opts []SaveOption) (saving, error) {
	s := saving{storage: StoreFloat32}
	for _, o := range opts {
		if o != nil {
			o.save(&s)
		}
	}
	return s, s.storage.check()
}

// written is the error of writing a file of this storage, of which a weight may be out of range.
func (s Storage) written(err error) error {
	if errors.Is(err, safetensors.ErrRange) {
		return fmt.Errorf("%w: storage %q: %w", ErrOption, s, err)
	}
	return err
}
