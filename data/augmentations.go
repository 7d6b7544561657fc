package data

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// Augmentations are applied in order.
//
// As JSON they are a list of objects, each with one field, the kind of the augmentation, that holds its
// settings:
//
//	[{"crop": {"pad": 4}}, {"flip_lr": {}}, {"alternating_flip": {}}, {"cutout": {"height": 8, "width": 8}}]
type Augmentations []Augmentation

// kinds are the augmentations of this package, by their names in JSON. A new one is entered here.
var kinds = map[string]Augmentation{
	"crop": Crop{}, "flip_lr": FlipLR{}, "alternating_flip": AlternatingFlip{}, "cutout": Cutout{}, "erasing": Erasing{},
	"resized_crop": ResizedCrop{}, "rotation": Rotation{}, "colour_jitter": ColourJitter{}, "greyscale": Greyscale{},
}

// KindOf is the name in JSON of an augmentation of this package, such as "crop"; "" for any other. Those of this
// package are safe for concurrent use.
func KindOf(a Augmentation) string {
	for name, zero := range kinds {
		if reflect.TypeOf(zero) == reflect.TypeOf(a) {
			return name
		}
	}
	return ""
}

// Kinds is a zero value of each augmentation of this package.
func Kinds() []Augmentation {
	var all []Augmentation
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, kinds[name])
	}
	return all
}

// MarshalJSON writes the augmentations of this package; any other is an error, which wraps [ErrAugmentation].
// No augmentations are an empty list.
func (a Augmentations) MarshalJSON() ([]byte, error) {
	all := make([]map[string]Augmentation, len(a))
	for i, one := range a {
		kind := KindOf(one)
		if kind == "" {
			return nil, fmt.Errorf("%w: augmentation %d, a %T, cannot be written as JSON", ErrAugmentation, i, one)
		}
		all[i] = map[string]Augmentation{kind: one}
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads augmentations in place of those that there were: nil from an empty list or null. Settings
// that are left out are 0, and whether they are valid is for [Augmentation] Validate to say, which knows the
// images. Unknown kinds and settings are errors, and so is an object with other than one kind; they wrap
// [ErrAugmentation] and leave the augmentations as they were.
func (a *Augmentations) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*a = nil
		return nil
	}
	var all []map[string]json.RawMessage
	if err := strictjson.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%w: %w", ErrAugmentation, err)
	}
	var read Augmentations
	for i, one := range all {
		if len(one) != 1 {
			return fmt.Errorf("%w: augmentation %d is of %d kinds, want one", ErrAugmentation, i, len(one))
		}
		for kind, settings := range one {
			augmentation, err := readAugmentation(kind, settings)
			if err != nil {
				return fmt.Errorf("%w: augmentation %d: %w", ErrAugmentation, i, err)
			}
			read = append(read, augmentation)
		}
	}
	*a = read
	return nil
}

func readAugmentation(kind string, settings json.RawMessage) (Augmentation, error) {
	zero, known := kinds[kind]
	if !known {
		return nil, fmt.Errorf("%q is unknown, want one of: %s", kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	read := reflect.New(reflect.TypeOf(zero))
	if err := strictjson.Unmarshal(settings, read.Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return read.Elem().Interface().(Augmentation), nil
}
