package data_test

import (
	"os"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// realCIFAR10 reads the real files, or skips.
func realCIFAR10(tb testing.TB) (train, test *data.Dataset) {
	tb.Helper()
	if os.Getenv("FASTRESNET_DATA") == "" {
		tb.Skip("FASTRESNET_DATA is not set: it names the folder or archive of the real CIFAR-10")
	}
	train, test, err := data.CIFAR10("")
	if err != nil {
		tb.Fatal(err)
	}
	return train, test
}

func TestRealCIFAR10(t *testing.T) {
	train, test := realCIFAR10(t)
	if got := [2]int{train.Len(), test.Len()}; got != [2]int{50_000, 10_000} {
		t.Errorf("training and test images: %v, want 50000 and 10000", got)
	}
	if diff := cmp.Diff(slices.Repeat([]int{5000}, 10), train.ClassCounts()); diff != "" {
		t.Errorf("training images of each class (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Repeat([]int{1000}, 10), test.ClassCounts()); diff != "" {
		t.Errorf("test images of each class (-want +got):\n%s", diff)
	}
	classes := []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
	if diff := cmp.Diff(classes, train.Classes()); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	// The published figures of the training set.
	want := data.Normalization{
		Mean: []float32{125.307, 122.950, 113.865},
		Std:  []float32{62.993, 62.089, 66.705},
	}
	if diff := cmp.Diff(want, train.Normalization(), cmpopts.EquateApprox(0, 1e-3)); diff != "" {
		t.Errorf("normalization (-want +got):\n%s", diff)
	}
}

func BenchmarkCIFAR10(b *testing.B) {
	realCIFAR10(b)
	b.SetBytes(6 * 30_730_000)
	for b.Loop() {
		realCIFAR10(b)
	}
}

func BenchmarkRealNormalization(b *testing.B) {
	train, _ := realCIFAR10(b)
	b.SetBytes(int64(len(train.Pixels())))
	for b.Loop() {
		train.Normalization()
	}
}
