package data_test

import (
	"encoding/json"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestAugmentationsJSON(t *testing.T) {
	tests := []struct {
		name          string
		augmentations data.Augmentations
		text          string
	}{
		{"every kind", data.Augmentations{data.Crop{Pad: 4}, data.FlipLR{}, data.AlternatingFlip{}, data.Cutout{Height: 8, Width: 6},
			data.ResizedCrop{Least: 0.5, Aspect: 1.25}, data.Rotation{Degrees: 7.5}, data.Erasing{Percent: 50, Least: 0.1, Most: 0.3, Aspect: 3},
			data.ColourJitter{Brightness: 0.1, Contrast: 0.2, Saturation: 0.3}, data.Greyscale{Percent: 10}},
			`[{"crop":{"pad":4}},{"flip_lr":{}},{"alternating_flip":{}},{"cutout":{"height":8,"width":6}},` +
				`{"resized_crop":{"least":0.5,"aspect":1.25}},{"rotation":{"degrees":7.5}},{"erasing":{"percent":50,"least":0.1,"most":0.3,"aspect":3}},` +
				`{"colour_jitter":{"brightness":0.1,"contrast":0.2,"saturation":0.3}},{"greyscale":{"percent":10}}]`},
		{"a kind twice, in another order", data.Augmentations{data.FlipLR{}, data.Crop{Pad: 2}, data.Crop{Pad: 1}},
			`[{"flip_lr":{}},{"crop":{"pad":2}},{"crop":{"pad":1}}]`},
		{"settings of 0 are written", data.Augmentations{data.Crop{}, data.Cutout{}},
			`[{"crop":{"pad":0}},{"cutout":{"height":0,"width":0}}]`},
		{"none", nil, `[]`},
	}
	checkEveryKind(t, tests[0].augmentations)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := json.Marshal(test.augmentations)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.text, string(text)); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			read := data.Augmentations{data.FlipLR{}} // replaced whole
			if err := json.Unmarshal(text, &read); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.augmentations, read); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

// checkEveryKind wants all kinds of augmentations among those that a table tests.
func checkEveryKind(t *testing.T, tested []data.Augmentation) {
	t.Helper()
	kinds := map[string]bool{}
	for _, a := range tested {
		kinds[data.KindOf(a)] = true
	}
	for _, a := range data.Kinds() {
		if !kinds[data.KindOf(a)] {
			t.Errorf("no case tests %T", a)
		}
	}
}

// Text that the library does not write itself.
func TestAugmentationsReadJSON(t *testing.T) {
	tests := []struct {
		name, text string
		want       data.Augmentations
	}{
		{"null", `null`, nil},
		{"space", " [ { \"crop\" : { \"pad\" : 3 } } ]\n", data.Augmentations{data.Crop{Pad: 3}}},
		{"settings left out", `[{"crop": {}}, {"cutout": {"width": 2}}]`, data.Augmentations{data.Crop{}, data.Cutout{Width: 2}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			read := data.Augmentations{data.FlipLR{}}
			if err := json.Unmarshal([]byte(test.text), &read); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, read); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAugmentationsBadJSON(t *testing.T) {
	tests := []struct{ name, text, says string }{
		{"an unknown kind", `[{"rotate": {"degrees": 5}}]`, `"rotate" is unknown, want one of: alternating_flip, colour_jitter, crop,`},
		{"an unknown setting", `[{"crop": {"pad": 4, "mode": "zero"}}]`, `"mode"`},
		{"a setting of a kind that has none", `[{"flip_lr": {"chance": 0.5}}]`, `"chance"`},
		{"two kinds in one object", `[{"flip_lr": {}}, {"crop": {"pad": 4}, "flip_lr": {}}]`, "augmentation 1 is of 2 kinds"},
		{"an empty object", `[{}]`, "augmentation 0 is of 0 kinds, want one"},
		{"a null in the list", `[{"flip_lr": {}}, null]`, "[1]: null"},
		{"a kind that is null", `[{"crop": null}]`, "[0].crop: null"},
		{"another kind that is null", `[{"crop": {"pad": 3}, "cutout": null}]`, "[0].cutout: null"},
		{"a setting twice", `[{"crop": {"pad": 3, "pad": 4}}]`, "twice"},
		{"a setting in other letters", `[{"crop": {"Pad": 3}}]`, "Pad"},
		{"no kind", `[{}]`, "augmentation 0 is of 0 kinds"},
		{"one augmentation, no list", `{"crop": {"pad": 4}}`, "object"},
		{"a name for an object", `["flip_lr"]`, "string"},
		{"half a pixel", `[{"crop": {"pad": 4.5}}]`, "4.5"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			read := data.Augmentations{data.Crop{Pad: 1}}
			checkError(t, json.Unmarshal([]byte(test.text), &read), data.ErrAugmentation, test.says)
			if diff := cmp.Diff(data.Augmentations{data.Crop{Pad: 1}}, read); diff != "" {
				t.Errorf("changed by text that is in error (-before +after):\n%s", diff)
			}
		})
	}
}

// ownFlip is an augmentation of another package.
type ownFlip struct{ data.FlipLR }

func TestForeignAugmentationsCannotBeWritten(t *testing.T) {
	tests := []struct {
		name  string
		other data.Augmentation
		says  string
	}{
		{"of another package", ownFlip{}, "augmentation 1, a data_test.ownFlip, cannot be written"},
		{"a pointer", &data.Crop{Pad: 4}, "augmentation 1, a *data.Crop, cannot be written"},
		{"nil", nil, "augmentation 1, a <nil>, cannot be written"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := json.Marshal(data.Augmentations{data.FlipLR{}, test.other})
			checkError(t, err, data.ErrAugmentation, test.says)
		})
	}
}
