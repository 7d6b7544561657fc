package golden_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/internal/golden"
)

// The values wanted here were printed by resnet9.py's uniform and labels. The hash is SHA-256 of the whole tensor's
// float32 values, little endian.
func TestUniform(t *testing.T) {
	for _, test := range []struct {
		name   string
		n      int
		bound  float64
		offset float32
		want   []float32 // the first few
		hash   string    // of them all, if not empty
	}{
		{
			name: "prep/conv/weight", n: 8 * 3 * 3 * 3, bound: 1 / math.Sqrt(27),
			want: []float32{0x1.6b8438p-3, -0x1.fb0f96p-4, -0x1.788e58p-5, -0x1.3afb0ap-3},
		},
		{
			name: "layer1/norm/bias", n: 16, bound: 0.2,
			want: []float32{0x1.b7441ap-4, 0x1.97885p-3, -0x1.34db2cp-3, -0x1.304e9ap-4},
		},
		{
			name: "layer1/norm/scale", n: 16, bound: 0.5, offset: 1,
			want: []float32{0x1.7aebccp+0, 0x1.38b4d8p+0, 0x1.30712ep-1, 0x1.0b5a84p+0},
		},
		{
			name: "images/0", n: 16 * 32 * 32 * 3, bound: 2,
			want: []float32{-0x1.fe2234p+0, 0x1.21398p-1, -0x1.ac98cp-2, -0x1.4cef2p+0},
		},
		{
			name: "images/2", n: 16 * 32 * 32 * 3, bound: 2,
			hash: "746a96a574615624713d4c13cc0a6fe0bdcb14ef3ef996d56a2fc3bea627a147",
		},
		{
			name: "layer3/residual/conv2/weight", n: 64 * 3 * 3 * 64, bound: 1 / math.Sqrt(576),
			hash: "d1346d65102ada7b29116368073fb6ce505377c7d7bbe6640ce8c4842ba962a7",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := golden.Uniform(test.name, test.n, test.bound)
			if len(got) != test.n {
				t.Fatalf("%d values, want %d", len(got), test.n)
			}
			for i := range got {
				got[i] += test.offset
			}
			if first := got[:len(test.want)]; !slices.Equal(first, test.want) {
				t.Errorf("first values %x, want %x", first, test.want)
			}
			if hash := hashOf(t, got); test.hash != "" && hash != test.hash {
				t.Errorf("hash %s, want %s", hash, test.hash)
			}
		})
	}
}

func hashOf(t *testing.T, values []float32) string {
	t.Helper()
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestLabels(t *testing.T) {
	want := []int32{2, 5, 6, 1, 2, 9, 0, 1, 4, 0, 4, 0, 0, 4, 9, 6} // printed by resnet9.py's labels
	if got := golden.Labels("labels/2", len(want)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestReadFixture checks that the file holds every tensor that README.md names, and no other.
func TestReadFixture(t *testing.T) {
	want := map[string][]int{"loss": {3}, "logits1": {16, 10}, "eval/logits": {16, 10}}
	parameter := func(name string, shape ...int) {
		want["grad1/"+name], want["step3/"+name] = shape, shape
	}
	convNorm := func(conv, norm string, in, out int) {
		parameter(conv+"/weight", out, 3, 3, in)
		parameter(norm+"/scale", out)
		parameter(norm+"/bias", out)
		for _, statistic := range []string{"/mean", "/variance"} {
			want["step1/"+norm+statistic], want["step3/"+norm+statistic] = []int{out}, []int{out}
		}
	}
	convNorm("prep/conv", "prep/norm", 3, 8)
	convNorm("layer1/conv", "layer1/norm", 8, 16)
	convNorm("layer1/residual/conv1", "layer1/residual/norm1", 16, 16)
	convNorm("layer1/residual/conv2", "layer1/residual/norm2", 16, 16)
	convNorm("layer2/conv", "layer2/norm", 16, 32)
	convNorm("layer3/conv", "layer3/norm", 32, 64)
	convNorm("layer3/residual/conv1", "layer3/residual/norm1", 64, 64)
	convNorm("layer3/residual/conv2", "layer3/residual/norm2", 64, 64)
	parameter("classifier/weight", 10, 64)

	tensors, err := golden.Read(filepath.Join("testdata", "resnet9.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, shape := range want {
		tensor, ok := tensors[name]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		if !slices.Equal(tensor.Shape, shape) {
			t.Errorf("%s has shape %v, want %v", name, tensor.Shape, shape)
		}
		if e := golden.MaxRelativeError(tensor.Values, tensor.Values); e != 0 {
			t.Errorf("%s is not finite", name)
		}
	}
	for name := range tensors {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not wanted", name)
		}
	}
	loss := []float32{2.3624575, 2.2998252, 2.4401026} // printed by resnet9.py
	if e := golden.MaxRelativeError(tensors["loss"].Values, loss); e > 1e-6 {
		t.Errorf("loss %v, want %v", tensors["loss"].Values, loss)
	}
}

// file returns the content of a safetensors file.
func file(header string, data ...byte) []byte {
	content := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(content, header...), data...)
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	content := file(`{"__metadata__":{"k":"v"},`+
		`"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},`+
		`"m":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]},`+
		`"e":{"dtype":"F32","shape":[0,3],"data_offsets":[12,12]}}`,
		0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0xc0)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := golden.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]golden.Tensor{
		"s": {Shape: []int{}, Values: []float32{1}},
		"m": {Shape: []int{1, 2}, Values: []float32{2, -2}},
		"e": {Shape: []int{0, 3}},
	}
	if len(got) != len(want) {
		t.Errorf("%d tensors, want %d", len(got), len(want))
	}
	for name, w := range want {
		if g := got[name]; !slices.Equal(g.Shape, w.Shape) || !slices.Equal(g.Values, w.Values) {
			t.Errorf("%s: got %v, want %v", name, g, w)
		}
	}
}

func TestReadMalformed(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty":                  {},
		"short length":           {1, 0, 0},
		"header past the end":    {9, 0, 0, 0, 0, 0, 0, 0, '{', '}'},
		"huge header":            {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'},
		"not JSON":               file(`{"a"`),
		"not a tensor":           file(`{"a":1}`),
		"null tensor":            file(`{"a":null}`),
		"other dtype":            file(`{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
		"no offsets":             file(`{"a":{"dtype":"F32","shape":[0]}}`),
		"offset below 0":         file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 0, 0, 0, 0),
		"offsets decrease":       file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 0, 0, 0, 0),
		"offset past the end":    file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 0, 0, 0, 0),
		"offset overflows":       file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}`),
		"negative dimension":     file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
		"two negatives":          file(`{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
		"shape too large":        file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
		"shape too small":        file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 0, 0, 0, 0, 0, 0, 0, 0),
		"shape's size overflows": file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
		"part of a value":        file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,5]}}`, 0, 0, 0, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if tensors, err := golden.Read(path); !errors.Is(err, golden.ErrMalformed) {
				t.Errorf("got %v and error %v, want ErrMalformed", tensors, err)
			}
		})
	}
	if _, err := golden.Read(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file gives %v", err)
	}
}

func TestMaxRelativeError(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, test := range []struct {
		name      string
		got, want []float32
		error     float64
	}{
		{"equal", []float32{1, -2}, []float32{1, -2}, 0},
		{"relative to the largest, not to the element", []float32{1, -4}, []float32{2, -4}, 0.25},
		{"not relative to got", []float32{8}, []float32{4}, 1},
		{"zeros", []float32{0, 0}, []float32{0, 0}, 0},
		{"empty", nil, nil, 0},
		{"only want is zeros", []float32{1}, []float32{0}, math.Inf(1)},
		{"lengths", []float32{1}, []float32{1, 1}, math.Inf(1)},
		{"NaN in got", []float32{nan, 1}, []float32{1, 1}, math.Inf(1)},
		{"NaN in want", []float32{1, 1}, []float32{nan, 1}, math.Inf(1)},
		{"infinity in both", []float32{inf}, []float32{inf}, math.Inf(1)},
		{"infinity in want", []float32{1}, []float32{inf}, math.Inf(1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if e := golden.MaxRelativeError(test.got, test.want); e != test.error {
				t.Errorf("got %v, want %v", e, test.error)
			}
		})
	}
}
