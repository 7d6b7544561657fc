package layers_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

func TestBody(t *testing.T) {
	image, pixel := data.Shape{Height: 8, Width: 8, Channels: 3}, data.Shape{Height: 1, Width: 1, Channels: 3}
	mean, linear := layers.GlobalMeanPool{}, func(name string) layers.Linear { return layers.Linear{Name: name, Out: 4, Bias: true} }
	residual := layers.Residual{Branch: []layers.Layer{linear("a"), linear("b")}}
	for _, tt := range []struct {
		name string
		in   data.Shape
		all  []layers.Layer
		want int    // layers that are left
		says string // what the error does, if there is to be one
	}{
		{name: "pool and classifier", in: image, all: []layers.Layer{mean, linear("c")}, want: 1},
		{name: "a scale behind the classifier", in: image, all: []layers.Layer{mean, linear("c"), layers.Scale{Factor: 2}}, want: 1},
		{name: "a hidden layer", in: image, all: []layers.Layer{linear("h"), layers.ReLU{}, linear("c")}, want: 2},
		{name: "linear layers in a block do not count", in: image, all: []layers.Layer{conv("x", 4, 3, 1), mean, linear("c"), residual}, want: 2},
		{name: "no linear layer", in: image, all: []layers.Layer{conv("x", 4, 3, 1), mean}, says: "no layer at the top level is Linear"},
		{name: "nothing before it", in: pixel, all: []layers.Layer{linear("c")}, says: "no layers"},
		{name: "an input of several pixels", in: image, all: []layers.Layer{conv("x", 4, 3, 2), linear("c")}, says: "4x4, want 1x1"},
		{name: "a network that cannot be", in: image, all: []layers.Layer{conv("x", 0, 3, 2), linear("c")}, says: `"x" has 0`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := layers.Network{Name: "net", Input: tt.in, Layers: tt.all}
			got, err := net.Body()
			if tt.says != "" {
				if !errors.Is(err, layers.ErrNetwork) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v, want ErrNetwork with %q", err, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := layers.Network{Name: "net", Input: tt.in, Layers: tt.all[:tt.want]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The variables of a body are the first of its network's, which the engines rely on.
func TestBodyVariables(t *testing.T) {
	for _, d := range []layers.Design{layers.Dawn(), layers.Backbone(), layers.ResNet9(), layers.Airbench94()} {
		t.Run(d.Name, func(t *testing.T) {
			net, err := d.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10)
			if err != nil {
				t.Fatal(err)
			}
			body, err := net.Body()
			if err != nil {
				t.Fatal(err)
			}
			all, err := net.Variables()
			if err != nil {
				t.Fatal(err)
			}
			got, err := body.Variables()
			if err != nil {
				t.Fatal(err)
			}
			classifier := slices.IndexFunc(all, func(v layers.Variable) bool { return v.Name == "classifier/weight" })
			if diff := cmp.Diff(all[:classifier], got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			if features, want := body.Classes(), all[classifier].Dims[1]; features != want {
				t.Errorf("%d features, and the classifier takes %d", features, want)
			}
		})
	}
}
