package layers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

func network(all ...layers.Layer) layers.Network {
	return layers.Network{Name: "network", Input: data.Shape{Height: 9, Width: 8, Channels: 3}, Layers: all}
}

func TestNetworkJSON(t *testing.T) {
	networks := map[string]layers.Network{
		"every layer":        network(testlayers.Every()...),
		"the deepest blocks": network(testlayers.Deepest(), layers.GlobalMaxPool{}),
	}
	for _, name := range layers.DesignNames() {
		design, err := layers.DesignByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if networks[name], err = design.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range networks {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var got layers.Network
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("network (-written +read):\n%s", diff)
			}
		})
	}
}

// A new layer, or a new setting of one, must be in testlayers.Every, whose round trip TestNetworkJSON checks.
func TestEveryLayerIsComplete(t *testing.T) {
	have, set := map[string]bool{}, map[string]bool{} // layers; settings, by layer and name
	for _, l := range testlayers.Every() {
		v := reflect.ValueOf(l)
		have[v.Type().Name()] = true
		for _, f := range reflect.VisibleFields(v.Type()) {
			name := v.Type().Name() + "." + f.Name
			set[name] = set[name] || !v.FieldByIndex(f.Index).IsZero()
		}
	}
	for name, is := range set {
		if !is {
			t.Errorf("%s is at its zero value throughout", name)
		}
	}
	want := map[string]bool{}
	for _, l := range layers.Types() {
		want[reflect.TypeOf(l).Name()] = true
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("types of layers (-in types of layer.go +in Every of internal/testlayers):\n%s", diff)
	}
}

func TestNetworkJSONErrors(t *testing.T) {
	valid, err := json.Marshal(network(testlayers.Every()...))
	if err != nil {
		t.Fatal(err)
	}
	gelu := slices.IndexFunc(testlayers.Every(), func(l layers.Layer) bool { _, is := l.(layers.GELU); return is })
	changed := func(old, new string) string {
		if !strings.Contains(string(valid), old) {
			t.Fatalf("no %s in %s", old, valid)
		}
		return strings.Replace(string(valid), old, new, 1)
	}
	nested := func(depth int) string {
		return changed(`{"type":"relu"}`, strings.Repeat(`{"type":"residual","branch":[`, depth)+`{"type":"relu"}`+strings.Repeat("]}", depth))
	}
	if err := json.Unmarshal([]byte(nested(16)), new(layers.Network)); err != nil {
		t.Errorf("16 blocks deep: %v", err)
	}
	tests := []struct{ label, text, want string }{
		{"unknown field of the network", changed(`"name"`, `"more":1,"name"`), `"more"`},
		{"unknown field of a layer", changed(`"stride"`, `"strides"`), `"strides"`},
		{"unknown field of a layer without any", changed(`"type":"relu"`, `"type":"relu","slope":1`), `"slope"`},
		{"unknown field of a block", changed(`"shortcut"`, `"shorter"`), `"shorter"`},
		{"unknown layer", changed(`"gelu"`, `"swish"`), `"swish" is unknown`},
		{"no type", changed(`{"type":"gelu"}`, `{}`), "its type"},
		{"a layer that is no object", changed(`{"type":"gelu"}`, `"gelu"`), fmt.Sprintf("layer %d", gelu)},
		{"null for a layer", changed(`{"type":"gelu"}`, `null`), fmt.Sprintf("layers[%d]: null", gelu)},
		{"a setting twice", changed(`"stride":2`, `"stride":2,"stride":1`), "twice"},
		{"a setting in other letters", changed(`"stride":2`, `"stride":2,"Stride":1`), "Stride"},
		{"a setting of another type", changed(`"stride":2`, `"stride":"2"`), "stride"},
		{"a layer that cannot be", changed(`"stride":2`, `"stride":3`), "stride 3"},
		{"a layer that cannot be in a block", changed(`"factor":-1`, `"factor":-1},{"type":"celu","alpha":0`), "alpha 0"},
		{"blocks too deep", nested(17), "16 deep"},
		{"blocks much too deep", nested(1000), "100 deep"},
		{"no input", `{"layers":[{"type":"relu"}]}`, "input shape 0x0x0"},
		{"a huge input", changed(`"height":9`, `"height":1000000000`), "67108864 values"},
		{"an input that overflows", changed(`"height":9`, fmt.Sprintf(`"height":%d`, math.MaxInt-1)), "67108864 values"},
		{"a network that is no object", `[]`, "cannot unmarshal"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			got := network()
			err := json.Unmarshal([]byte(tt.text), &got)
			if !errors.Is(err, layers.ErrNetwork) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want ErrNetwork that says %q", err, tt.want)
			}
			if diff := cmp.Diff(network(), got); diff != "" {
				t.Errorf("the network has changed (-before +after):\n%s", diff)
			}
		})
	}
}

// Blocks in blocks are read again for each of them, so that long text would take long.
func TestLongNetworkHasNoJSON(t *testing.T) {
	long := network(layers.GlobalMaxPool{})
	long.Name = strings.Repeat("a", 1<<20)
	if text, err := json.Marshal(long); !errors.Is(err, layers.ErrNetwork) {
		t.Errorf("%d bytes, error %v, want ErrNetwork", len(text), err)
	}
	text := `{"name":"a","layers":[` + strings.Repeat(" ", 1<<20) + `]}`
	if err := json.Unmarshal([]byte(text), &layers.Network{}); !errors.Is(err, layers.ErrNetwork) || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("error %v, want ErrNetwork that says 1048576", err)
	}
}

func TestInvalidNetworkHasNoJSON(t *testing.T) {
	for label, n := range map[string]layers.Network{
		"no layers":          network(),
		"no size at the end": network(layers.ReLU{}),
		"not a number":       network(layers.GlobalMaxPool{}, layers.Scale{Factor: math.NaN()}),
	} {
		if text, err := json.Marshal(n); !errors.Is(err, layers.ErrNetwork) {
			t.Errorf("%s: %s, %v; want ErrNetwork", label, text, err)
		}
	}
}

// Channels double in each of these layers, and layers in a block are resolved with it: neither may take long, or
// more than an int.
func TestLimits(t *testing.T) {
	var doubling []layers.Layer
	for range 70 {
		doubling = append(doubling, layers.GlobalMaxMeanPool{})
	}
	wide := layers.Network{Input: data.Shape{Height: 1024, Width: 1024, Channels: 8}, Layers: []layers.Layer{
		layers.ReLU{}, layers.ReLU{}, layers.ReLU{}, layers.ReLU{}, layers.ReLU{}, layers.ReLU{}, layers.ReLU{}, layers.ReLU{}, layers.GlobalMaxPool{}}}
	deep := []layers.Layer{layers.GlobalMaxPool{}}
	for range 60 {
		deep = []layers.Layer{layers.Residual{Branch: deep, Shortcut: []layers.Layer{layers.GlobalMaxPool{}}}}
	}
	many := make([]layers.Layer, 5000, 5001)
	for i := range many {
		many[i] = layers.ReLU{}
	}
	for label, tt := range map[string]struct {
		network layers.Network
		want    string
	}{
		"many layers":          {network(append(many, layers.GlobalMaxPool{})...), "5001 layers"},
		"channels that double": {network(doubling...), "need no more than 67108864 values"},
		"many values together": {wide, "more than 67108864 values"},
		"deep blocks":          {network(deep...), "need no more than 16"},
	} {
		_, err := tt.network.Plan()
		if !errors.Is(err, layers.ErrNetwork) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want ErrNetwork that says %q", label, err, tt.want)
		}
	}
}
