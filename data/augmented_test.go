package data_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

func TestAugmented(t *testing.T) {
	set, err := data.Synthetic(30, 1)
	if err != nil {
		t.Fatal(err)
	}
	same, err := set.Augmented(1)
	if err != nil || !bytes.Equal(same.Pixels(), set.Pixels()) {
		t.Errorf("without augmentations the images differ (%v)", err)
	}
	flipped, err := set.Augmented(1, data.FlipLR{})
	if err != nil {
		t.Fatal(err)
	}
	mirrored, size := 0, set.Shape().Size()
	for i := range set.Len() {
		before, after := set.Pixels()[i*size:(i+1)*size], flipped.Pixels()[i*size:(i+1)*size]
		if bytes.Equal(before, after) {
			continue
		}
		mirrored++
		for p := range before {
			if y, x, c := p/96, p/3%32, p%3; after[p] != before[y*96+(31-x)*3+c] {
				t.Fatalf("image %d is neither as it was nor mirrored", i)
			}
		}
	}
	if mirrored < 5 || mirrored > 25 {
		t.Errorf("%d of 30 images are mirrored", mirrored)
	}
	again, err := set.Augmented(1, data.FlipLR{})
	if err != nil || !bytes.Equal(again.Pixels(), flipped.Pixels()) {
		t.Errorf("the same seed makes other images (%v)", err)
	}
	for name, err := range map[string]error{
		"a crop of all": third(set.Augmented(1, data.Crop{Pad: 32})), "nil": third(set.Augmented(1, nil)),
	} {
		if !errors.Is(err, data.ErrAugmentation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (*data.Dataset)(nil).Augmented(1); !errors.Is(err, data.ErrFormat) {
		t.Errorf("no set: %v", err)
	}
}

func third(_ *data.Dataset, err error) error { return err }
