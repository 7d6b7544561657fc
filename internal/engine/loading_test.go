package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

var loadings = []data.Loading{data.LoadInBulk, data.LoadPerImage, data.LoadEveryEpoch}

// batches begins an epoch and loads batches of the given sizes, into memory full of NaN and -1, so that what
// is left out shows.
func batches(t testing.TB, l Loader, set *data.Dataset, epoch int, sizes ...int) []Batch {
	t.Helper()
	if err := l.StartEpoch(epoch, nil, 0); err != nil {
		t.Fatal(err)
	}
	var all []Batch
	for _, size := range sizes {
		b := NewBatch(size, set.Shape(), data.Mixing{})
		for i := range b.Images {
			b.Images[i] = float32(math.NaN())
		}
		for i := range b.Labels {
			b.Labels[i] = -1
		}
		l.Next(b)
		all = append(all, b)
	}
	return all
}

// defined is a batch by the definitions in package data: the images at the places from first on, with the
// choices that choose makes.
func defined(cfg Config, set *data.Dataset, order []int32, first, size int, choose func(augmentation, place int) []int32) Batch {
	shape := set.Shape()
	b := NewBatch(0, shape, data.Mixing{})
	for place := first; place < first+size; place++ {
		row := int(order[place])
		image := make([]float32, shape.Size())
		cfg.Normalization.Apply(image, set.Pixels()[row*shape.Size():(row+1)*shape.Size()])
		for i, a := range cfg.Augmentations {
			changed := make([]float32, shape.Size())
			a.Apply(changed, image, shape, choose(i, place))
			image = changed
		}
		b.Images = append(b.Images, image...)
		b.Labels = append(b.Labels, int32(set.Label(row)))
	}
	return b
}

func diffBatches(want, got []Batch) string {
	return cmp.Diff(want, got, cmp.AllowUnexported(Batch{}))
}

// noise is a set of images of a shape, random pixels and labels.
func noise(t *testing.T, n int, shape data.Shape) *data.Dataset {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	pixels, labels := make([]uint8, n*shape.Size()), make([]int, n)
	for i := range pixels {
		pixels[i] = uint8(rng.Uint32())
	}
	for i := range labels {
		labels[i] = rng.IntN(3)
	}
	set, err := data.New(pixels, shape, labels, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every way loads what the definitions make of its choices: in bulk those of drawEpoch, and otherwise those
// that the epoch's generator Draws image by image.
func TestLoadersFollowTheDefinitions(t *testing.T) {
	crop, flip, cutout := data.Crop{Pad: 4}, data.FlipLR{}, data.Cutout{Height: 3, Width: 2}
	augmentations := map[string][]data.Augmentation{
		"none":                                nil,
		"a crop that moves nothing":           {data.Crop{}},
		"the recipes'":                        {crop, flip, cutout},
		"no crop":                             {flip, cutout},
		"a crop after a cutout":               {cutout, crop, flip},
		"flips around a crop":                 {flip, crop, flip},
		"alternating flips":                   {crop, data.AlternatingFlip{}},
		"alternating flips behind a cutout":   {cutout, data.AlternatingFlip{}},
		"two crops":                           {crop, data.Crop{Pad: 1}},
		"moves after two cutouts":             {crop, cutout, cutout, flip, crop},
		"one of a user's own":                 {ownAugmentation{}},
		"one of a user's own behind a crop":   {crop, ownAugmentation{}, cutout},
		"one of a user's own before the crop": {ownAugmentation{}, crop},
	}
	for _, shape := range []data.Shape{{Height: 5, Width: 9, Channels: 1}, {Height: 32, Width: 32, Channels: 3}} {
		set := noise(t, 20, shape)
		for label, augmentations := range augmentations {
			t.Run(fmt.Sprintf("%v/%s", shape, label), func(t *testing.T) {
				const epoch, seed = 2, 3
				cfg := Config{Normalization: set.Normalization(), Augmentations: augmentations, Seed: seed}
				drawn, err := DrawEpoch(seed, epoch, set.Len(), shape, augmentations, data.Mixing{})
				if err != nil {
					t.Fatal(err)
				}
				order, rng := drawOrder(seed, epoch, set.Len())
				perImage := func(i, place int) []int32 {
					if e, ok := augmentations[i].(data.EpochAugmentation); ok {
						return e.DrawEpoch(seed, epoch, order[place:place+1], shape)
					}
					return augmentations[i].Draw(rng, 1, shape)
				}
				bulk := []Batch{defined(cfg, set, order, 0, 7, drawn.choice), defined(cfg, set, order, 7, 5, drawn.choice)}
				items := []Batch{defined(cfg, set, order, 0, 7, perImage), defined(cfg, set, order, 7, 5, perImage)}

				for i, want := range [][]Batch{bulk, items, items} {
					cfg.Loading = loadings[i]
					if diff := diffBatches(want, batches(t, NewLoader(cfg, set), set, epoch, 7, 5)); diff != "" {
						t.Errorf("loading %q (-want +got):\n%.2000s", cfg.Loading, diff)
					}
				}
			})
		}
	}
}

// Mixed images are those that would be loaded without, each mixed with the next one as it was.
func TestLoadersMix(t *testing.T) {
	shape := data.Shape{Height: 6, Width: 8, Channels: 3}
	set := noise(t, 20, shape)
	const epoch, seed, size = 2, 3, 7
	for _, mixing := range []data.Mixing{{Kind: data.Mixup, Alpha: 0.5}, {Kind: data.CutMix, Alpha: 1}} {
		t.Run(mixing.String(), func(t *testing.T) {
			cfg := Config{Normalization: set.Normalization(), Augmentations: []data.Augmentation{data.FlipLR{}, data.Cutout{Height: 2, Width: 2}}, Seed: seed}
			plain := batches(t, NewLoader(cfg, set), set, epoch, size, size)[1]
			drawn, err := DrawEpoch(seed, epoch, set.Len(), shape, cfg.Augmentations, mixing)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Mixing = mixing
			l := NewLoader(cfg, set)
			if err := l.StartEpoch(epoch, nil, size); err != nil {
				t.Fatal(err)
			}
			got := NewBatch(size, shape, mixing)
			l.Next(got)
			want := NewBatch(size, shape, mixing)
			image := func(i int) []float32 { return plain.Images[i%size*shape.Size() : (i%size+1)*shape.Size()] }
			for i := range size {
				mixed := slices.Clone(image(i))
				want.Shares[i] = mixing.Apply(mixed, image(i+1), shape, drawn.Mixing[3*(size+i):3*(size+i+1)])
				want.Labels[i], want.Others[i] = plain.Labels[i], plain.Labels[(i+1)%size]
				copy(want.Images[i*shape.Size():], mixed)
			}
			if diff := diffBatches([]Batch{want}, []Batch{got}); diff != "" {
				t.Errorf("(-want +got):\n%.2000s", diff)
			}

			// The slow ways mix too, and a run that is resumed within an epoch draws on.
			cfg.Loading = data.LoadPerImage
			whole := mixedBatches(t, cfg, set, epoch, 0, size, size)
			rest := mixedBatches(t, cfg, set, epoch, size, size)
			if diff := diffBatches(whole[1:], rest); diff != "" {
				t.Errorf("per image, the second batch (-after the first +resumed):\n%.2000s", diff)
			}
			if slices.Max(whole[0].Shares) > 1 || slices.Min(whole[0].Shares) < 0 || slices.Equal(whole[0].Shares, whole[1].Shares) {
				t.Errorf("per image, shares %v and %v", whole[0].Shares, whole[1].Shares)
			}
		})
	}
}

// mixedBatches loads batches of these sizes from a place on.
func mixedBatches(t *testing.T, cfg Config, set *data.Dataset, epoch, first int, sizes ...int) []Batch {
	t.Helper()
	l := NewLoader(cfg, set)
	if err := errors.Join(l.Prepare(context.Background()), l.StartEpoch(epoch, nil, first)); err != nil {
		t.Fatal(err)
	}
	var all []Batch
	for _, size := range sizes {
		b := NewBatch(size, set.Shape(), cfg.Mixing)
		l.Next(b)
		all = append(all, b)
	}
	return all
}

// What is loaded depends on the seed and the epoch, and on nothing that was loaded before.
func TestLoadersDrawAnew(t *testing.T) {
	set := noise(t, 20, data.Shape{Height: 6, Width: 6, Channels: 3})
	for _, loading := range loadings {
		t.Run(string(loading), func(t *testing.T) {
			cfg := Config{Normalization: set.Normalization(), Augmentations: []data.Augmentation{data.Crop{Pad: 2}, data.FlipLR{}},
				Loading: loading, Seed: 1}
			l := NewLoader(cfg, set)
			first := batches(t, l, set, 1, 8, 8, 4)
			batches(t, l, set, 2, 8) // an epoch that is abandoned
			if diff := diffBatches(first, batches(t, l, set, 1, 8, 8, 4)); diff != "" {
				t.Errorf("the same epoch (-first +second):\n%s", diff)
			}
			if diffBatches(first, batches(t, l, set, 2, 8, 8, 4)) == "" {
				t.Error("the next epoch loads the same")
			}
			cfg.Seed++
			if diffBatches(first, batches(t, NewLoader(cfg, set), set, 1, 8, 8, 4)) == "" {
				t.Error("another seed loads the same")
			}
		})
	}
}

// All ways see the images in the same order: without random choices they load the same.
func TestLoadersShareTheOrder(t *testing.T) {
	set := noise(t, 20, data.Shape{Height: 6, Width: 6, Channels: 3})
	cfg := Config{Normalization: set.Normalization(), Seed: 1}
	want := batches(t, NewLoader(cfg, set), set, 3, 16, 4)
	for _, cfg.Loading = range loadings {
		if diff := diffBatches(want, batches(t, NewLoader(cfg, set), set, 3, 16, 4)); diff != "" {
			t.Errorf("loading %q (-in bulk +got):\n%s", cfg.Loading, diff)
		}
	}
}

func TestBulkLoaderOnAnyNumberOfCores(t *testing.T) {
	set := synthetic(t, 40)
	cfg := config(set, 16)
	var want []Batch
	for _, cores := range []int{1, 2, 3, 50} { // 50: more than images
		previous := runtime.GOMAXPROCS(cores)
		l := loadInBulk(cfg, set)
		runtime.GOMAXPROCS(previous)
		got := batches(t, l, set, 1, 16, 16, 8)
		if want == nil {
			want = got
		}
		if diff := diffBatches(want, got); diff != "" {
			t.Errorf("%d cores (-one +got):\n%.2000s", cores, diff)
		}
	}
}

// A user's own augmentation need not be safe for concurrent use.
func TestOwnAugmentationsAreAppliedOneAtATime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	set := synthetic(t, 10)
	cfg := config(set, 10)
	if got := len(loadInBulk(cfg, set).workers); got != 4 {
		t.Errorf("%d workers for augmentations of the library, want 4", got)
	}
	cfg.Augmentations = slices.Concat(cfg.Augmentations, []data.Augmentation{ownAugmentation{}})
	if got := len(loadInBulk(cfg, set).workers); got != 1 {
		t.Errorf("%d workers for one of a user's own, want 1", got)
	}
}

func TestBulkLoaderAllocatesNothingPerImage(t *testing.T) {
	const size = 64
	set := synthetic(t, size)
	l := loadInBulk(config(set, size), set)
	b := batches(t, l, set, 1, size)[0]
	allocations := testing.AllocsPerRun(10, func() {
		l.place = 0
		l.Next(b)
	})
	if allowed := float64(2 + 2*len(l.workers)); allocations > allowed { // the loop's, and a goroutine's
		t.Errorf("%g allocations for a batch of %d, want %g at most", allocations, size, allowed)
	}
}
