package data_test

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
)

var (
	greyShape = data.Shape{Height: 2, Width: 3, Channels: 1}
	catDog    = []string{"cat", "dog"}
)

// small returns 4 images of 2x3x1; the first pixel of image i is 10*i, and its label i%2.
func small(t *testing.T) *data.Dataset {
	t.Helper()
	pixels := make([]uint8, 4*6)
	for i := range pixels {
		pixels[i] = uint8(i/6*10 + i%6)
	}
	return newSet(t, pixels, greyShape, []int{0, 1, 0, 1}, catDog)
}

func newSet(t *testing.T, pixels []uint8, shape data.Shape, labels []int, classes []string) *data.Dataset {
	t.Helper()
	d, err := data.New(pixels, shape, labels, classes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNewErrors(t *testing.T) {
	const huge = math.MaxInt / 2 // its square does not fit an int
	tests := []struct {
		name    string
		pixels  int
		shape   data.Shape
		labels  []int
		classes []string
		says    []string
	}{
		{"no images", 0, greyShape, nil, catDog, []string{"the set is empty"}},
		{"no classes", 6, greyShape, []int{0}, nil, []string{"no classes"}},
		{"a class without a name", 6, greyShape, []int{0}, []string{"cat", ""}, []string{"class 1 is empty"}},
		{"two classes of one name", 6, greyShape, []int{0}, []string{"cat", "cat"}, []string{"classes 0 and 1", "cat"}},
		{"a name that is not UTF-8", 6, greyShape, []int{0}, []string{"caf\xe9"}, []string{"class 0", "UTF-8"}},
		{"zero width", 6, data.Shape{Height: 2, Width: 0, Channels: 1}, []int{0}, catDog, []string{"2x0x1", "positive"}},
		{"negative sides", 6, data.Shape{Height: -2, Width: -3, Channels: 1}, []int{0}, catDog, []string{"-2x-3x1"}},
		{"overflowing shape", 0, data.Shape{Height: huge, Width: huge, Channels: 1}, []int{0}, catDog, []string{"too large"}},
		{"overflowing channels", 0, data.Shape{Height: huge, Width: 2, Channels: huge}, []int{0}, catDog, []string{"too large"}},
		{"a pixel too few", 11, greyShape, []int{0, 1}, catDog, []string{"11 pixel values", "2 images of 2x3x1", "6 values each"}},
		{"an image too many", 18, greyShape, []int{0, 1}, catDog, []string{"18 pixel values"}},
		{"label too high", 12, greyShape, []int{0, 2}, catDog, []string{"label 2 of image 1 is not in 0 to 1"}},
		{"negative label", 12, greyShape, []int{-1, 0}, catDog, []string{"label -1 of image 0"}},
		{"everything at once", 5, greyShape, []int{7}, catDog, []string{"5 pixel values", "label 7"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := data.New(make([]uint8, test.pixels), test.shape, test.labels, test.classes)
			checkError(t, err, data.ErrFormat, test.says...)
		})
	}
}

func TestDatasetString(t *testing.T) {
	one := newSet(t, make([]uint8, 6), greyShape, []int{0}, catDog[:1])
	got := []string{small(t).String(), one.String(), (*data.Dataset)(nil).String()}
	if diff := cmp.Diff([]string{"4 images of 2x3x1 in 2 classes", "1 image of 2x3x1 in 1 class", "no images"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDatasetIsImmutable(t *testing.T) {
	pixels, labels, classes := []uint8{1, 2, 3, 4, 5, 6}, []int{1}, []string{"cat", "dog"}
	d := newSet(t, pixels, greyShape, labels, classes)
	pixels[0], labels[0], classes[1] = 99, 0, "cow"
	d.Labels()[0] = 0
	d.Classes()[1] = "cow"
	_ = append(d.Pixels(), 99)
	d.Image(0).(*image.Gray).Pix[0] = 99

	if diff := cmp.Diff([]uint8{1, 2, 3, 4, 5, 6}, d.Pixels()); diff != "" {
		t.Errorf("pixels (-want +got):\n%s", diff)
	}
	if got := d.Label(0); got != 1 {
		t.Errorf("label is %d, want 1", got)
	}
	if diff := cmp.Diff(catDog, d.Classes()); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

func TestImage(t *testing.T) {
	tests := []struct {
		name   string
		pixels []uint8
		shape  data.Shape
		want   image.Image
	}{
		{"grey", []uint8{1, 2, 3, 4, 5, 6}, greyShape,
			&image.Gray{Pix: []uint8{1, 2, 3, 4, 5, 6}, Stride: 3, Rect: image.Rect(0, 0, 3, 2)}},
		{"colour", []uint8{1, 2, 3, 4, 5, 6}, data.Shape{Height: 2, Width: 1, Channels: 3},
			&image.NRGBA{Pix: []uint8{1, 2, 3, 255, 4, 5, 6, 255}, Stride: 4, Rect: image.Rect(0, 0, 1, 2)}},
		{"two channels", []uint8{1, 2, 3, 4}, data.Shape{Height: 1, Width: 2, Channels: 2},
			&image.Gray{Pix: []uint8{1, 3}, Stride: 2, Rect: image.Rect(0, 0, 2, 1)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newSet(t, test.pixels, test.shape, []int{0}, catDog)
			if diff := cmp.Diff(test.want, d.Image(0)); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("second of a set", func(t *testing.T) {
		if got, want := small(t).Image(1).At(2, 1), (color.Gray{Y: 15}); got != want {
			t.Errorf("pixel at x 2, y 1 of image 1 is %v, want %v", got, want)
		}
	})
}

func TestOutOfRangePanics(t *testing.T) {
	d := small(t)
	for name, call := range map[string]func(){
		"Label of -1":  func() { d.Label(-1) },
		"Label of Len": func() { d.Label(d.Len()) },
		"Image of -1":  func() { d.Image(-1) },
		"Image of Len": func() { d.Image(d.Len()) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}

// content is what a test compares of a set of small images.
type content struct {
	First  []uint8 // pixel of each image
	Labels []int
	Counts []int
}

func contentOf(d *data.Dataset) content {
	c := content{Labels: d.Labels(), Counts: d.ClassCounts()}
	for pixels := range slices.Chunk(d.Pixels(), d.Shape().Size()) {
		c.First = append(c.First, pixels[0])
	}
	return c
}

func TestSelect(t *testing.T) {
	d := small(t)
	tests := []struct {
		name string
		call func() (*data.Dataset, error)
		want content
	}{
		{"slice", func() (*data.Dataset, error) { return d.Slice(1, 4) },
			content{[]uint8{10, 20, 30}, []int{1, 0, 1}, []int{1, 2}}},
		{"slice of everything", func() (*data.Dataset, error) { return d.Slice(0, 4) }, contentOf(d)},
		{"subset", func() (*data.Dataset, error) { return d.Subset([]int{3, 0, 3}) },
			content{[]uint8{30, 0, 30}, []int{1, 0, 1}, []int{1, 2}}},
		{"concat of one", func() (*data.Dataset, error) { return data.Concat(d) }, contentOf(d)},
		{"concat of two", func() (*data.Dataset, error) {
			tail, err := d.Slice(3, 4)
			if err != nil {
				return nil, err
			}
			return data.Concat(tail, d)
		}, content{[]uint8{30, 0, 10, 20, 30}, []int{1, 0, 1, 0, 1}, []int{2, 3}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.call()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contentOf(got)); diff != "" {
				t.Errorf("set (-want +got):\n%s", diff)
			}
			if got.Shape() != d.Shape() || !slices.Equal(got.Classes(), d.Classes()) {
				t.Errorf("shape %v and classes %v, want %v and %v", got.Shape(), got.Classes(), d.Shape(), d.Classes())
			}
		})
	}
}

func TestSelectErrors(t *testing.T) {
	d := small(t)
	wide := newSet(t, make([]uint8, 6), data.Shape{Height: 1, Width: 6, Channels: 1}, []int{0}, catDog)
	cows := newSet(t, make([]uint8, 6), greyShape, []int{0}, []string{"cat", "cow"})
	var none *data.Dataset
	tests := []struct {
		name string
		call func() (*data.Dataset, error)
		says string
	}{
		{"slice before the start", func() (*data.Dataset, error) { return d.Slice(-1, 2) }, "[-1:2]"},
		{"slice beyond the end", func() (*data.Dataset, error) { return d.Slice(2, 5) }, "4 images"},
		{"empty slice", func() (*data.Dataset, error) { return d.Slice(2, 2) }, "[2:2]"},
		{"backward slice", func() (*data.Dataset, error) { return d.Slice(3, 2) }, "[3:2]"},
		{"slice of nil", func() (*data.Dataset, error) { return none.Slice(0, 1) }, "0 images"},
		{"empty subset", func() (*data.Dataset, error) { return d.Subset(nil) }, "without an index"},
		{"subset beyond the end", func() (*data.Dataset, error) { return d.Subset([]int{0, 4}) }, "index 4 (at position 1)"},
		{"negative subset", func() (*data.Dataset, error) { return d.Subset([]int{-1}) }, "index -1"},
		{"subset of nil", func() (*data.Dataset, error) { return none.Subset([]int{0}) }, "0 images"},
		{"concat of nothing", func() (*data.Dataset, error) { return data.Concat() }, "no sets"},
		{"concat with nil", func() (*data.Dataset, error) { return data.Concat(d, none) }, "set 1"},
		{"concat of two shapes", func() (*data.Dataset, error) { return data.Concat(d, wide) }, "1x6x1"},
		{"concat of other classes", func() (*data.Dataset, error) { return data.Concat(d, d, cows) }, "set 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.call()
			checkError(t, err, data.ErrFormat, test.says)
		})
	}
}

func TestSliceSharesMemory(t *testing.T) {
	d := small(t)
	part, err := d.Slice(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	if &part.Pixels()[0] != &d.Pixels()[6] {
		t.Error("a slice has pixels of its own, want those of the set")
	}
}
