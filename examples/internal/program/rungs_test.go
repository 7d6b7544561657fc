package program

import (
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

func TestParseRungs(t *testing.T) {
	for _, test := range []struct {
		name, list string
		want       []int
	}{
		{"a number", "9", []int{9}},
		{"the ends", "1,28", []int{1, 28}},
		{"a range", "9-12", []int{9, 10, 11, 12}},
		{"a range of one", "9-9", []int{9}},
		{"a name", "backbone", []int{14}},
		{"a name with a hyphen and a number", "resnet9-20", []int{17}},
		{"spaces between items", " 9-10 , 17", []int{9, 10, 17}},
		{"any order", "17,9-10", []int{9, 10, 17}},
		{"duplicates collapse", "9,9-10,shortest-path,10", []int{9, 10}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseRungs("rungs", test.list, fastresnet.Ladder())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rungs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRungsMistakes(t *testing.T) {
	const unknown = "need numbers, ranges such as 9-14, or names as in: cifar10 -list"
	for _, test := range []struct{ name, list, want string }{
		{"below the ladder", "0", "-rungs 0: need 1 to 28"},
		{"above it", "29", "-rungs 29: need 1 to 28"},
		{"a range beyond it", "27-29", "-rungs 27-29: need 1 to 28"},
		{"backwards", "5-3", "-rungs 5-3: the range runs backwards"},
		{"unknown name", "nonsense", "-rungs nonsense: " + unknown},
		{"names make no range", "backbone-resnet9-20", "-rungs backbone-resnet9-20: " + unknown},
		{"below zero", "-1", "-rungs -1: " + unknown},
		{"spaces in a range", "9 - 10", "-rungs 9 - 10: " + unknown},
		{"open range", "9-", "-rungs 9-: " + unknown},
		{"nothing", "", "-rungs : " + unknown},
		{"nothing between commas", "9,,10", "-rungs : " + unknown},
		{"several at once", "0,9,5-3", "-rungs 0: need 1 to 28\n-rungs 5-3: the range runs backwards"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ParseRungs("rungs", test.list, fastresnet.Ladder()); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestRungAt(t *testing.T) {
	for _, test := range []struct {
		name              string
		rung, width, want int
	}{
		{"as published", 17, 64, 64},
		{"reduced", 17, 8, 8},
		{"the double width stays double", 15, 8, 16},
		{"a selection's small network is a quarter of that", 32, 32, 64},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := RungAt(test.rung, test.width)
			if got := r.Design.Width; got != test.want {
				t.Errorf("width %d, want %d", got, test.want)
			}
			if s := r.Selection; s != nil && s.Design.Width != test.want/4 {
				t.Errorf("a selection of width %d, want %d", s.Design.Width, test.want/4)
			}
		})
	}
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		name          string
		rungs         []int
		batch, images int
		want          string // "" for no error
	}{
		{"the recipes' own batches", []int{1, 17, 28}, 0, 50_000, ""},
		{"too few images for a recipe", []int{4, 5, 6, 7, 8}, 0, 600, "rung 8: batch 768 is larger than the training set of 600 images"},
		{"too few for the batch: the first rung speaks for all", []int{9, 10}, 128, 100, "rung 9: batch 128 is larger than the training set of 100 images"},
		{"groups of a ghost norm", []int{22, 23}, 100, 50_000, "rung 23: batch 100, need a multiple of its norm's 16 groups"},
		{"no group, any batch", []int{9, 17}, 100, 50_000, ""},
		{"two problems", []int{7, 8}, 0, 500,
			"rung 7: batch 512 is larger than the training set of 500 images\nrung 8: batch 768 is larger than the training set of 500 images"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := Fit(test.rungs, test.batch, test.images); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
