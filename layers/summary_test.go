package layers_test

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	shape := data.Shape{Height: 2, Width: 2, Channels: 1000}
	tests := []struct {
		name string
		net  layers.Network
		want []string
	}{
		{
			name: "blocks in blocks are indented, numbers are grouped and on the right",
			net: layers.Network{Input: shape, Layers: []layers.Layer{
				layers.Residual{
					Branch: []layers.Layer{
						layers.Residual{Shortcut: []layers.Layer{conv("a", 1000, 1, 1)}, Branch: []layers.Layer{layers.Scale{Factor: 0.5}}},
					},
					Shortcut: []layers.Layer{layers.ReLU{}, layers.MaxPool{Size: 1}},
				},
				layers.GlobalMaxPool{},
				layers.Linear{Name: "c", Out: 7},
			}},
			want: []string{
				"layer                     output  parameters  multiply-adds",
				"input                   2x2x1000",
				"Residual                2x2x1000",
				"  Residual              2x2x1000",
				"    Scale x0.5          2x2x1000",
				"    Conv 1x1/1 -> 1000  2x2x1000   1,000,000      4,000,000",
				"  ReLU                  2x2x1000",
				"  MaxPool 1x1           2x2x1000",
				"GlobalMaxPool           1x1x1000",
				"Linear -> 7                1x1x7       7,000          7,000",
				"total                              1,007,000      4,007,000",
				"",
			},
		},
		{
			name: "nothing to train",
			net:  layers.Network{Input: shape, Layers: []layers.Layer{layers.GlobalMeanPool{}}},
			want: []string{
				"layer             output  parameters  multiply-adds",
				"input           2x2x1000",
				"GlobalMeanPool  1x1x1000",
				"total                              0              0",
				"",
			},
		},
		{
			name: "an error",
			net:  layers.Network{Input: shape, Layers: []layers.Layer{layers.MaxPool{Size: 3}}},
			want: []string{"layers: invalid network: layer 0, MaxPool 3x3: its size is more than 2x2"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Split(test.net.Summary(), "\n")); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}
