package pretrained_test

import (
	"context"
	"errors"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/pretrained"
	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *fastresnet.Model {
	t.Helper()
	model, err := pretrained.CIFAR10(fastresnet.WithBackend("go"))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

func TestCIFAR10(t *testing.T) {
	model := load(t)
	if diff := cmp.Diff(data.CIFAR10Classes(), model.Classes()); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	r := model.Record()
	if r.Recipe.Name != "airbench94-muon" || r.Recipe.Design.Width != 64 || r.TrainImages != 50_000 {
		t.Errorf("made by %q at width %d from %d images", r.Recipe.Name, r.Recipe.Design.Width, r.TrainImages)
	}
	file, err := os.Stat("cifar10.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	const most = 6_000_000
	if file.Size() > most {
		t.Errorf("%d bytes, need no more than %d", file.Size(), most)
	}
	if _, err := pretrained.CIFAR10(fastresnet.WithBackend("abacus")); !errors.Is(err, fastresnet.ErrBackend) {
		t.Errorf("on an abacus: %v, want ErrBackend", err)
	}
}

// The file gets as many of the first test images right as when it was made. Of all 10,000, which scripts/pretrained takes,
// it is the accuracy on the card, from which a part that is drawn like these is rarely further than these bounds.
func TestCIFAR10Accuracy(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes a quarter of a minute")
	}
	_, test, err := data.CIFAR10("")
	if errors.Is(err, data.ErrNotFound) {
		t.Skip("CIFAR-10 is not there: FASTRESNET_DATA names its folder")
	}
	if err != nil {
		t.Fatal(err)
	}
	const first, right = 2000, 1888
	if test, err = test.Slice(0, first); err != nil {
		t.Fatal(err)
	}
	e, err := load(t).Evaluate(context.Background(), test)
	if err != nil {
		t.Fatal(err)
	}
	const byRounding = 2 // a few images are on the edge, and kernels differ
	if got := math.Round(first * e.Accuracy); math.Abs(got-right) > byRounding {
		t.Errorf("%.0f of %d images are right, want %d", got, first, right)
	}
	card, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := regexp.MustCompile(`\*\*([0-9.]+) %\*\*`).FindSubmatch(card)
	if stated == nil {
		t.Fatal("the card states no accuracy")
	}
	want, err := strconv.ParseFloat(string(stated[1]), 64)
	const byChance = 1.5 // three standard errors
	if err != nil || math.Abs(100*e.Accuracy-want) > byChance {
		t.Errorf("accuracy %.2f %% of %d images, the card says %s %% of all", 100*e.Accuracy, first, stated[1])
	}
}
