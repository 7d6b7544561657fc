package onnx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/onnx"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestGraphHoldsTogether: what a node takes is there before it, every name is given once, what is there is used, and
// tensors are as long as their shapes say. No Python is needed for that much.
func TestGraphHoldsTogether(t *testing.T) {
	for _, c := range modelCases(t) {
		t.Run(c.name, func(t *testing.T) {
			g, _ := decodeModel(t, written(t, c.model(t)))
			if diff := cmp.Diff([]string{"images"}, g.inputs); diff != "" {
				t.Errorf("inputs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"logits", "probabilities", "embedding"}, g.outputs); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			if g.name == "" {
				t.Error("the graph has no name, which it must have")
			}
			used := map[string]bool{} // by name of what is there
			give := func(name string) {
				if _, there := used[name]; there {
					t.Errorf("%q is given twice", name)
				}
				used[name] = false
			}
			give("images")
			for _, c := range g.constants {
				give(c.name)
				size := map[int64]int64{1: 4, 7: 8}[c.elements] // FLOAT, INT64
				for _, d := range c.dims {
					size *= d
				}
				if size == 0 || size != int64(len(c.raw)) {
					t.Errorf("%q of %d, type %d, has %d bytes", c.name, c.dims, c.elements, len(c.raw))
				}
			}
			for _, n := range g.nodes {
				for _, in := range n.inputs {
					if _, there := used[in]; !there {
						t.Errorf("%s takes %q, which is not there", n.operator, in)
					}
					used[in] = true
				}
				for _, out := range n.outputs {
					give(out)
				}
			}
			for _, out := range g.outputs {
				if _, there := used[out]; !there {
					t.Errorf("nothing gives the output %q", out)
				}
				used[out] = true
			}
			for _, name := range slices.Sorted(maps.Keys(used)) {
				if !used[name] {
					t.Errorf("nothing uses %q", name)
				}
			}
		})
	}
}

// TestLayout follows one value of a convolution and one of a linear layer over an image of more than a pixel into the
// order of ONNX.
func TestLayout(t *testing.T) {
	c := modelCase{network: layers.Network{Input: data.Shape{Height: 2, Width: 3, Channels: 5}, Layers: []layers.Layer{
		layers.Conv{Name: "conv", Out: 4, Kernel: 3, Stride: 1}, layers.Linear{Name: "linear", Out: 2},
	}}}
	m := c.model(t)
	g, _ := decodeModel(t, written(t, m))
	if diff := cmp.Diff([]string{"logits", "probabilities"}, g.outputs); diff != "" {
		t.Errorf("outputs of a network without a body (-want +got):\n%s", diff)
	}
	at := func(values []float32, dims, index []int) float32 {
		i := 0
		for axis, d := range dims {
			i = i*d + index[axis]
		}
		return values[i]
	}
	for _, test := range []struct {
		name         string
		dims         []int64 // as declared
		ours, theirs []int   // dimensions, those of the image kept apart
		our, their   []int   // index of the same value
	}{
		{"conv/weight", []int64{4, 5, 3, 3}, []int{4, 3, 3, 5}, []int{4, 5, 3, 3}, []int{2, 0, 1, 4}, []int{2, 4, 0, 1}},
		{"linear/weight", []int64{2, 24}, []int{2, 2, 3, 4}, []int{2, 4, 2, 3}, []int{1, 1, 2, 3}, []int{1, 3, 1, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := slices.IndexFunc(g.constants, func(c tensor) bool { return c.name == test.name })
			if i < 0 {
				t.Fatal("it is not there")
			}
			if diff := cmp.Diff(test.dims, g.constants[i].dims); diff != "" {
				t.Errorf("dimensions (-want +got):\n%s", diff)
			}
			var values []float32
			for raw := range slices.Chunk(g.constants[i].raw, 4) {
				values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
			}
			want, got := at(m.Values[test.name], test.ours, test.our), at(values, test.theirs, test.their)
			if got != want {
				t.Errorf("the value at %v is %g, want that at %v, %g", test.their, got, test.our, want)
			}
		})
	}
}

// Each type of layer must be in a case of this package.
func TestEveryLayerIsExported(t *testing.T) {
	var all [][]layers.Layer
	for _, c := range modelCases(t) {
		all = append(all, c.network.Layers)
	}
	testlayers.Complete(t, all...)
}

func TestMetadata(t *testing.T) {
	c := modelCase{network: layers.Network{Input: data.Shape{Height: 1, Width: 1, Channels: 3}, Layers: []layers.Layer{
		layers.Linear{Name: "linear", Out: 2}}}}
	m := c.model(t)
	m.Classes = []string{`a "cat"`, "Füchse"}
	for _, test := range []struct {
		resizing  data.Resizing
		threshold float64
		want      []string
	}{
		{data.ResizeByCropping, 0, []string{"resizing", "crop"}},
		{data.ResizeByStretching, 1, []string{"resizing", "stretch", "threshold", "1"}},
		{data.ResizeByPadding, 0.00001, []string{"resizing", "pad", "threshold", "1e-05"}},
	} {
		m.Resizing, m.Threshold = test.resizing, test.threshold
		_, got := decodeModel(t, written(t, m))
		want := append([]string{"classes", `["a \"cat\"","Füchse"]`}, test.want...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	full := errors.New("disk full")
	for _, test := range []struct {
		name  string
		spoil func(*onnx.Model)
		to    io.Writer
		want  string
		is    error
	}{
		{"no layers", func(m *onnx.Model) { m.Network.Layers = nil }, nil, "no layers", layers.ErrNetwork},
		{"a name too few", func(m *onnx.Model) { m.Classes = m.Classes[1:] }, nil, "1 names of classes for 2 logits", nil},
		{"normalisation of other images", func(m *onnx.Model) { m.Normalization.Std = nil }, nil, "0 deviations", data.ErrFormat},
		{"a missing variable", func(m *onnx.Model) { delete(m.Values, "linear/weight") }, nil, `"linear/weight" has 0 values, want 6`, nil},
		{"a writer that fails", func(*onnx.Model) {}, failing{full}, "writing", full},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := modelCase{network: layers.Network{Input: data.Shape{Height: 1, Width: 1, Channels: 3}, Layers: []layers.Layer{
				layers.Linear{Name: "linear", Out: 2}}}}
			m := c.model(t)
			test.spoil(&m)
			var file bytes.Buffer
			to := test.to
			if to == nil {
				to = &file
			}
			err := onnx.Write(to, m)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if file.Len() > 0 {
				t.Errorf("%d bytes are written", file.Len())
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
