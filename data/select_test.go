package data_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

func TestSelectionsRefuse(t *testing.T) {
	set := counted(t, 3, 3)
	folds := func(k int) error {
		_, err := set.Folds(k, 1)
		return err
	}
	only := func(classes ...string) error {
		_, err := set.Only(classes...)
		return err
	}
	_, names := set.WithNames([]string{"a"})
	_, resizing := set.WithResizing("fill")
	var none *data.Dataset
	_, onlyOfNone := none.Only("a")
	_, balanceOfNone := none.Balance()
	_, shuffleOfNone := none.Shuffle(1)
	_, foldsOfNone := none.Folds(2, 1)
	_, namesOfNone := none.WithNames(nil)
	_, resizingOfNone := none.WithResizing(data.ResizeByPadding)
	for name, err := range map[string]error{
		"one fold": folds(1), "more folds than images": folds(7),
		"an unknown class": only("a", "z"), "a class twice": only("a", "a"), "no class": only(),
		"Only of nil": onlyOfNone, "Balance of nil": balanceOfNone, "Shuffle of nil": shuffleOfNone, "Folds of nil": foldsOfNone,
		"WithNames of nil": namesOfNone, "WithResizing of nil": resizingOfNone,
		"a name too few": names, "an unknown resizing": resizing,
	} {
		t.Run(name, func(t *testing.T) {
			if !errors.Is(err, data.ErrFormat) {
				t.Errorf("error %v, want ErrFormat", err)
			}
		})
	}
}

// What an error says is what there is to do.
func TestSelectionsSay(t *testing.T) {
	set := counted(t, 3, 3)
	_, twice := set.Only("a", "a")
	_, unknown := set.Only("a", "z")
	_, foldsOfNone := (*data.Dataset)(nil).Folds(2, 1)
	for want, err := range map[string]error{
		"the set is empty":             foldsOfNone,
		`class "a" is asked for twice`: twice,
		`class "z" is not one of the set's: want some of ["a" "b"]`: unknown,
	} {
		if got := fmt.Sprint(err); got != "invalid data: "+want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOnly(t *testing.T) {
	part, err := counted(t, 2, 1, 2).Only("c", "a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c", "a"}, part.Classes()); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint8{0, 1, 3, 4}, part.Pixels()); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 1, 0, 0}, part.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestBalance(t *testing.T) {
	balanced, err := counted(t, 5, 2, 0).Balance()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{5, 5, 0}, balanced.ClassCounts()); diff != "" {
		t.Errorf("images of each class (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint8{0, 1, 2, 3, 4, 5, 6, 5, 6, 5}, balanced.Pixels()); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}

// ClassWeights are scikit-learn's compute_class_weight("balanced") for the classes that there are.
func TestClassWeights(t *testing.T) {
	if diff := cmp.Diff([]float64{0.625, 2.5, 0}, counted(t, 8, 2, 0).ClassWeights(), cmp.Transformer("rounded", func(v float64) int { return int(v * 1000) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShuffle(t *testing.T) {
	set := counted(t, 20, 20)
	shuffled, err := set.Shuffle(1)
	if err != nil {
		t.Fatal(err)
	}
	if slices.IsSorted(shuffled.Pixels()) {
		t.Error("the order is as before")
	}
	for i, pixel := range shuffled.Pixels() {
		if shuffled.Label(i) != set.Label(int(pixel)) || shuffled.Name(i) != fmt.Sprint(pixel) {
			t.Errorf("image %d has the label %d and the name %s", pixel, shuffled.Label(i), shuffled.Name(i))
		}
	}
}

func TestNamesTravel(t *testing.T) {
	set := counted(t, 3, 3)
	slice, err := set.Slice(2, 5)
	if err != nil {
		t.Fatal(err)
	}
	unnamed, err := data.New([]uint8{9}, set.Shape(), []int{0}, set.Classes())
	if err != nil {
		t.Fatal(err)
	}
	both, err := data.Concat(slice, unnamed)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range both.Len() {
		names = append(names, both.Name(i))
	}
	if diff := cmp.Diff([]string{"2", "3", "4", ""}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	padded, err := set.WithResizing(data.ResizeByPadding)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := data.Concat(set, padded); !errors.Is(err, data.ErrFormat) {
		t.Errorf("sets of different resizings: error %v", err)
	}
	if part, err := padded.Slice(0, 1); err != nil || part.Resizing() != data.ResizeByPadding {
		t.Errorf("a part of it: %v, %v", part.Resizing(), err)
	}
}
