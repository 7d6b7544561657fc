package safetensors_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sumAt is where the 64 characters of the checksum are.
const sumAt = 8 + len(`{"__metadata__":{"sha256":"`)

// example has values that a careless reader would change.
func example() safetensors.File {
	return safetensors.File{
		Metadata: map[string]string{"format": "1", "text": "\"quoted\"\n<é>\u2028"},
		Tensors: []safetensors.Tensor{
			{Name: "z/matrix", Shape: []int{2, 3}, Data: []float32{1, -2, math.SmallestNonzeroFloat32, math.MaxFloat32, float32(math.Inf(-1)), 0.1}},
			{Name: "a \"number\"", Shape: []int{}, Data: []float32{float32(math.Copysign(0, -1))}},
			{Name: "", Shape: []int{1}, Data: []float32{float32(math.NaN())}},
			{Name: "half", Shape: []int{3}, Type: safetensors.F16, Data: []float32{0x1p-24, -65504, float32(math.Inf(1))}},
			{Name: "byte", Shape: []int{1, 2}, Type: safetensors.I8, Data: []float32{-128, 127}},
		},
	}
}

func written(t testing.TB, f safetensors.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file puts a header in front of values; a checksum of zeros in it becomes the right one.
func file(header string, values ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return sealed(append(append(b, header...), values...))
}

// sealed is content with its checksum put right, if it is long enough to have one.
func sealed(content []byte) []byte {
	content = bytes.Clone(content)
	if len(content) < sumAt+64 {
		return content
	}
	copy(content[sumAt:], strings.Repeat("0", 64))
	sum := sha256.Sum256(content)
	hex.Encode(content[sumAt:], sum[:])
	return content
}

var sameBits = cmp.Comparer(func(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
})

func TestRoundTrip(t *testing.T) {
	large := make([]float32, 200_000) // several pieces
	for i := range large {
		large[i] = float32(i)
	}
	tests := []struct {
		label string
		file  safetensors.File
	}{
		{"empty", safetensors.File{}},
		{"odd values", example()},
		{"large", safetensors.File{Tensors: []safetensors.Tensor{
			{Name: "large", Shape: []int{2, 100_000}, Data: large},
			{Name: "halves", Shape: []int{100_000}, Type: safetensors.F16, Data: make([]float32, 100_000)},
			{Name: "bytes", Shape: []int{100_000}, Type: safetensors.I8, Data: make([]float32, 100_000)},
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			content := written(t, tt.file)
			if length := binary.LittleEndian.Uint64(content); length%8 != 0 {
				t.Errorf("the header is %d bytes long, want a multiple of 8", length)
			}
			// A reader may give as little as it likes.
			for _, r := range []io.Reader{bytes.NewReader(content), iotest.HalfReader(bytes.NewReader(content)), iotest.DataErrReader(bytes.NewReader(content))} {
				got, err := safetensors.Read(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.file, got, sameBits, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("file (-written +read):\n%s", diff)
				}
			}
		})
	}
}

func TestEveryFlippedBitIsAnError(t *testing.T) {
	content := written(t, example())
	for i := range content {
		for bit := range 8 {
			content[i] ^= 1 << bit
			_, err := safetensors.Read(bytes.NewReader(content), nil)
			if !known(err) {
				t.Fatalf("bit %d of byte %d flipped: error %v", bit, i, err)
			}
			content[i] ^= 1 << bit
		}
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	content := written(t, example())
	for n := range content {
		if _, err := safetensors.Read(bytes.NewReader(content[:n]), nil); !errors.Is(err, safetensors.ErrTruncated) {
			t.Fatalf("the first %d bytes: error %v, want ErrTruncated", n, err)
		}
	}
}

func known(err error) bool {
	return errors.Is(err, safetensors.ErrForeign) || errors.Is(err, safetensors.ErrTruncated) ||
		errors.Is(err, safetensors.ErrCorrupt) || errors.Is(err, safetensors.ErrTooLarge)
}

func TestReadErrors(t *testing.T) {
	zeros := strings.Repeat("0", 64)
	head := func(tensors string) string { return `{"__metadata__":{"sha256":"` + zeros + `"}` + tensors + `}` }
	tensor := func(dtype, shape, offsets string) string {
		return `,"a":{"dtype":"` + dtype + `","shape":` + shape + `,"data_offsets":` + offsets + `}`
	}
	huge := binary.LittleEndian.AppendUint64(nil, 16<<20+1)
	one := make([]byte, 4)
	tests := []struct {
		label   string
		content []byte
		want    error
		text    string
	}{
		{"nothing", nil, safetensors.ErrTruncated, "first"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"), safetensors.ErrForeign, "no safetensors file"},
		{"a foreign writer's", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}         `, one...), safetensors.ErrForeign, "checksum"},
		{"other metadata", file(`{"__metadata__":{"format":"pt"}}         `), safetensors.ErrForeign, "checksum"},
		{"a huge header", append(huge, head("")...), safetensors.ErrTooLarge, "16777217"},
		{"a short header", append(binary.LittleEndian.AppendUint64(nil, 10), head("")...), safetensors.ErrCorrupt, "10 bytes"},
		{"no JSON", file(`{"__metadata__":{"sha256":"` + zeros + `"}`), safetensors.ErrCorrupt, "header"},
		{"more than JSON", file(head("") + "{}"), safetensors.ErrCorrupt, "behind its end"},
		{"metadata that is no string", file(`{"__metadata__":{"sha256":"` + zeros + `","n":1}}`), safetensors.ErrCorrupt, "__metadata__"},
		{"no shape", file(head(tensor("F32", "null", "[0,4]")), 0), safetensors.ErrTruncated, `"a"`},
		{"bytes behind the end", file(head(tensor("F32", "[1]", "[0,4]")), 0, 0, 0, 0, 0), safetensors.ErrCorrupt, "behind its end"},
		{"another type", file(head(tensor("BF16", "[2]", "[0,4]")), one...), safetensors.ErrCorrupt, "BF16"},
		{"no type", file(head(`,"a":{"shape":[1],"data_offsets":[0,4]}`), one...), safetensors.ErrCorrupt, `type ""`},
		{"null for a type", file(head(`,"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}`), one...), safetensors.ErrCorrupt, `type ""`},
		{"a type in other letters", file(head(tensor("f16", "[2]", "[0,4]")), one...), safetensors.ErrCorrupt, `"f16"`},
		{"a half as long as a whole", file(head(tensor("F16", "[1]", "[0,4]")), one...), safetensors.ErrCorrupt, "[0 2]"},
		{"a byte as long as a whole", file(head(tensor("I8", "[1]", "[0,4]")), one...), safetensors.ErrCorrupt, "[0 1]"},
		{"half a half", file(head(tensor("F16", "[1]", "[0,2]")), 0), safetensors.ErrTruncated, `"a"`},
		{"bytes that take more memory than the limit", file(head(tensor("I8", "[1073741825]", "[0,1073741825]"))), safetensors.ErrTooLarge, "4 GiB"},
		{"a field more", file(head(`,"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}`), one...), safetensors.ErrCorrupt, "more"},
		{"no such shape", file(head(tensor("F32", "[0]", "[0,0]"))), safetensors.ErrCorrupt, "positive"},
		{"a negative shape", file(head(tensor("F32", "[-1,-1]", "[0,4]")), one...), safetensors.ErrCorrupt, "positive"},
		{"a shape of fractions", file(head(tensor("F32", "[1.5]", "[0,4]")), one...), safetensors.ErrCorrupt, "1.5"},
		{"a gap", file(head(tensor("F32", "[1]", "[4,8]")), 0, 0, 0, 0, 0, 0, 0, 0), safetensors.ErrCorrupt, "[0 4]"},
		{"one offset", file(head(tensor("F32", "[1]", "[0]")), one...), safetensors.ErrCorrupt, "[0 4]"},
		{"overlap", file(head(tensor("F32", "[1]", "[0,4]")+strings.Replace(tensor("F32", "[1]", "[0,4]"), "a", "b", 1)), one...), safetensors.ErrCorrupt, "[4 8]"},
		{"the same name twice", file(head(tensor("F32", "[1]", "[0,4]")+tensor("F32", "[1]", "[4,8]")), 0, 0, 0, 0, 0, 0, 0, 0), safetensors.ErrCorrupt, "twice"},
		{"a size that overflows", file(head(tensor("F32", "[2147483647,2147483647,2147483647]", "[0,4]")), one...), safetensors.ErrTooLarge, "4 GiB"},
		{"values beyond the limit together", file(head(tensor("F32", "[1073741824]", "[0,4294967296]") +
			`,"b":{"dtype":"F32","shape":[1],"data_offsets":[4294967296,4294967300]}`)), safetensors.ErrTooLarge, "4 GiB"},
		{"a long name", file(head(`,"`+strings.Repeat("a", 1025)+`":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`), one...), safetensors.ErrTooLarge, "1025 bytes"},
		{"many dimensions", file(head(tensor("F32", "[1"+strings.Repeat(",1", 16)+"]", "[0,4]")), one...), safetensors.ErrTooLarge, "17 dimensions"},
		{"many metadata", file(`{"__metadata__":{"sha256":"` + zeros + `"` + numbered(1<<17+1) + `}}`), safetensors.ErrTooLarge, "131072"},
		{"metadata that are null", file(`{"__metadata__":{"sha256":"` + zeros + `","n":null}}`), safetensors.ErrCorrupt, "null"},
		{"a promise of 4 GiB", file(head(tensor("F32", "[1073741824]", "[0,4294967296]")), one...), safetensors.ErrTruncated, `"a"`},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			_, err := safetensors.Read(bytes.NewReader(tt.content), nil)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want %v that says %q", err, tt.want, tt.text)
			}
		})
	}
}

// numbered are n members of an object.
func numbered(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `,"%d":""`, i)
	}
	return text.String()
}

// A header must not make the reader allocate what it only promises.
func TestReadTakesLittleMemoryForAPromise(t *testing.T) {
	content := file(`{"__metadata__":{"sha256":"` + strings.Repeat("0", 64) + `"},"a":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]}}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	safetensors.Read(bytes.NewReader(content), nil)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes allocated, want less than a megabyte", got)
	}
}

// What is refused by its header takes no memory; if it is damaged, too, that is what is said.
func TestReadRefused(t *testing.T) {
	const values = 32 << 20 // bytes, four times as many in memory
	whole := file(fmt.Sprintf(`{"__metadata__":{"sha256":"%064d","a":"b"},"x":{"dtype":"I8","shape":[%d],"data_offsets":[0,%[2]d]}}`, 0, values), make([]byte, values)...)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-1] = 1
	unwanted := errors.New("unwanted")
	for _, tt := range []struct {
		label   string
		content []byte
		want    error
	}{
		{"whole", whole, unwanted},
		{"cut short", whole[:len(whole)/2], safetensors.ErrTruncated},
		{"damaged", damaged, safetensors.ErrCorrupt},
		{"with bytes behind its end", append(bytes.Clone(whole), 0), safetensors.ErrCorrupt},
	} {
		t.Run(tt.label, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := safetensors.Read(bytes.NewReader(tt.content), func(head safetensors.File) error {
				want := safetensors.File{Metadata: map[string]string{"a": "b"}, Tensors: []safetensors.Tensor{{Name: "x", Shape: []int{values}, Type: safetensors.I8}}}
				if diff := cmp.Diff(want, head); diff != "" {
					t.Errorf("header (-want +got):\n%s", diff)
				}
				return unwanted
			})
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tt.want) || errors.Is(err, unwanted) != (tt.want == unwanted) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
				t.Errorf("%d bytes allocated, want less than a megabyte", got)
			}
		})
	}
}

func TestReadersErrorComesThrough(t *testing.T) {
	content := written(t, example())
	broken := errors.New("broken pipe")
	for n := range len(content) + 1 {
		_, err := safetensors.Read(io.MultiReader(bytes.NewReader(content[:n]), iotest.ErrReader(broken)), nil)
		if !errors.Is(err, broken) {
			t.Fatalf("after %d bytes: error %v, want the reader's", n, err)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	one := func(name string, shape []int, data ...float32) safetensors.File {
		return safetensors.File{Tensors: []safetensors.Tensor{{Name: name, Shape: shape, Data: data}}}
	}
	tests := []struct {
		label, text string
		file        safetensors.File
	}{
		{"values that do not fit", "1 values for the shape [2]", one("a", []int{2}, 1)},
		{"no values", "positive", one("a", []int{0})},
		{"two of a name", "twice", safetensors.File{Tensors: append(one("a", nil, 1).Tensors, one("a", nil, 2).Tensors...)}},
		{"the metadata's name", "reserved", one("__metadata__", nil, 1)},
		{"a name in another coding", "UTF-8", one("\xff", nil, 1)},
		{"metadata in another coding", "UTF-8", safetensors.File{Metadata: map[string]string{"a": "\xff"}}},
		{"a checksum", "checksum", safetensors.File{Metadata: map[string]string{"sha256": ""}}},
		{"a long name", "1025 bytes", one(strings.Repeat("a", 1025), nil, 1)},
		{"a long name of metadata", "1025 bytes", safetensors.File{Metadata: map[string]string{strings.Repeat("a", 1025): ""}}},
		{"many tensors", "131073 tensors", safetensors.File{Tensors: make([]safetensors.Tensor, 1<<17+1)}},
		{"many dimensions", "17 dimensions", one("a", []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1)},
		{"a long header", "need no more than", safetensors.File{Metadata: map[string]string{"a": strings.Repeat("a", 16<<20)}}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			var b bytes.Buffer
			err := safetensors.Write(&b, tt.file)
			if err == nil || !strings.Contains(err.Error(), tt.text) || b.Len() > 0 {
				t.Errorf("error %v after %d bytes, want one before any that says %q", err, b.Len(), tt.text)
			}
		})
	}
}

func TestWritersErrorComesThrough(t *testing.T) {
	full := errors.New("full")
	for n := range len(written(t, example())) {
		if err := safetensors.Write(&limited{n, full}, example()); !errors.Is(err, full) {
			t.Fatalf("with room for %d bytes: error %v, want the writer's", n, err)
		}
	}
}

// limited takes so many bytes, and no more.
type limited struct {
	room int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(l.room, len(p))
	l.room -= n
	if n < len(p) {
		return n, l.err
	}
	return n, nil
}

// FuzzRead reads anything, and the same with the checksum put right: what is accepted is written and read back
// as it was.
func FuzzRead(f *testing.F) {
	content := written(f, example())
	f.Add(content)
	f.Add(content[:len(content)/2])
	f.Add(written(f, safetensors.File{}))
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0))
	for _, as := range []safetensors.Type{safetensors.F16, safetensors.I8} {
		f.Add(written(f, safetensors.File{Tensors: []safetensors.Tensor{{Name: "a", Shape: []int{2, 2}, Type: as, Data: []float32{1, -2, 3, 127}}}}))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, content := range [][]byte{content, sealed(content)} {
			got, err := safetensors.Read(bytes.NewReader(content), nil)
			if err != nil {
				if !known(err) {
					t.Fatalf("error %v is none of the package's", err)
				}
				continue
			}
			again, err := safetensors.Read(bytes.NewReader(written(t, got)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, again, sameBits, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("file (-first +again):\n%s", diff)
			}
		}
	})
}
