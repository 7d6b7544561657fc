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

// The values wanted here were printed by draws.py's uniform and labels. The hash is SHA-256 of the whole tensor's
// float32 values, little endian.
func TestStart(t *testing.T) {
	c := golden.Case{Salt: "3808"}
	for _, test := range []struct {
		name string
		dims []int
		want []float32 // the first few
		hash string    // of them all, if not empty
	}{
		{
			name: "prep/conv/weight", dims: []int{8, 3, 3, 3},
			want: []float32{0x1.6b8438p-3, -0x1.fb0f96p-4, -0x1.788e58p-5, -0x1.3afb0ap-3},
		},
		{
			name: "layer1/norm/bias", dims: []int{16},
			want: []float32{0x1.b7441ap-4, 0x1.97885p-3, -0x1.34db2cp-3, -0x1.304e9ap-4},
		},
		{
			name: "layer1/norm/scale", dims: []int{16},
			want: []float32{0x1.7aebccp+0, 0x1.38b4d8p+0, 0x1.30712ep-1, 0x1.0b5a84p+0},
		},
		{name: "layer1/norm/mean", dims: []int{2}, want: []float32{0, 0}},
		{name: "layer1/norm/variance", dims: []int{2}, want: []float32{1, 1}},
		{
			name: "layer3/residual/conv2/weight", dims: []int{64, 3, 3, 64},
			hash: "d1346d65102ada7b29116368073fb6ce505377c7d7bbe6640ce8c4842ba962a7",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := c.Start(test.name, test.dims...)
			size := 1
			for _, d := range test.dims {
				size *= d
			}
			if len(got) != size {
				t.Fatalf("%d values, want %d", len(got), size)
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

func TestBatch(t *testing.T) {
	c := golden.Case{Salt: "3808", Batch: 16}
	first := []float32{-0x1.fe2234p+0, 0x1.21398p-1, -0x1.ac98cp-2, -0x1.4cef2p+0}
	if got := c.Images(0)[:len(first)]; !slices.Equal(got, first) {
		t.Errorf("first pixels %x, want %x", got, first)
	}
	if hash := hashOf(t, c.Images(2)); hash != "746a96a574615624713d4c13cc0a6fe0bdcb14ef3ef996d56a2fc3bea627a147" {
		t.Errorf("images with hash %s", hash)
	}
	want := []int32{2, 5, 6, 1, 2, 9, 0, 1, 4, 0, 4, 0, 0, 4, 9, 6}
	if got := c.Labels(2); !slices.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
}

// TestFixtures checks that each file holds every tensor that README.md names, and no other.
func TestFixtures(t *testing.T) {
	losses := map[string][]float32{ // printed by generate.py
		"dawn":            {2.746076, 2.9696255},
		"backbone":        {2.2930193, 2.3517823, 2.324916},
		"resnet9":         {2.3624575, 2.2998252, 2.4401026},
		"fine-tuning":     {2.3637486, 2.3279645, 2.3359342},
		"bag-of-tricks":   {2.3063211, 2.2738724},
		"airbench96":      {2.283638, 2.3006332},
		"airbench94-2025": {2.2839088, 2.3065312},
	}
	for _, c := range golden.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			_, variables, err := c.Network()
			if err != nil {
				t.Fatal(err)
			}
			logits := []int{c.Batch, golden.Classes}
			want := map[string][]int{"loss": {len(c.Rates)}, "logits1": logits, "eval/logits": logits}
			for _, v := range variables {
				want["last/"+v.Name] = v.Dims
				if v.Trainable && !c.IsFrozen(v.Name) {
					want["grad1/"+v.Name] = v.Dims
				} else {
					want["step1/"+v.Name] = v.Dims
				}
			}
			tensors, err := golden.Read(c.File("."))
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
			if e := golden.MaxRelativeError(tensors["loss"].Values, losses[c.Name]); e > 1e-6 {
				t.Errorf("loss %v, want %v", tensors["loss"].Values, losses[c.Name])
			}
		})
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
