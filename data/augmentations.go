package data

import (
	"encoding/json"
	"fmt"

	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// Augmentations are applied in order.
//
// As JSON they are a list of objects, each with one field, the kind of the augmentation, that holds its
// settings:
//
//	[{"crop": {"pad": 4}}, {"flip_lr": {}}, {"alternating_flip": {}}, {"cutout": {"height": 8, "width": 8}}]
type Augmentations []Augmentation

// written is one augmentation in JSON: one of its fields is set.
type written struct {
	Crop            *Crop            `json:"crop,omitempty"`
	FlipLR          *FlipLR          `json:"flip_lr,omitempty"`
	AlternatingFlip *AlternatingFlip `json:"alternating_flip,omitempty"`
	Cutout          *Cutout          `json:"cutout,omitempty"`
}

// MarshalJSON writes the augmentations of this package; any other is an error, which wraps [ErrAugmentation].
// No augmentations are an empty list.
func (a Augmentations) MarshalJSON() ([]byte, error) {
	all := make([]written, len(a))
	for i, one := range a {
		switch one := one.(type) {
		case Crop:
			all[i].Crop = &one
		case FlipLR:
			all[i].FlipLR = &one
		case AlternatingFlip:
			all[i].AlternatingFlip = &one
		case Cutout:
			all[i].Cutout = &one
		default:
			return nil, fmt.Errorf("%w: augmentation %d, a %T, cannot be written as JSON", ErrAugmentation, i, one)
		}
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
	var all []written
	if err := strictjson.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%w: %w", ErrAugmentation, err)
	}
	var read Augmentations
	for i, w := range all {
		if w.Crop != nil {
			read = append(read, *w.Crop)
		}
		if w.FlipLR != nil {
			read = append(read, *w.FlipLR)
		}
		if w.AlternatingFlip != nil {
			read = append(read, *w.AlternatingFlip)
		}
		if w.Cutout != nil {
			read = append(read, *w.Cutout)
		}
		if kinds := len(read) - i; kinds != 1 {
			return fmt.Errorf("%w: augmentation %d is of %d kinds, want one of crop, flip_lr, alternating_flip, cutout", ErrAugmentation, i, kinds)
		}
	}
	*a = read
	return nil
}
