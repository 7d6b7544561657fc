package engine

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

func TestOpenErrors(t *testing.T) {
	tests := []struct {
		label, name, want string
	}{
		{"not a backend", "nonsense", `"nonsense" is unknown`},
		{"an option GoMLX does not know", "go:nonsense", "nonsense"},
		{"a plugin that is not there", "xla:/no/such/plugin.so", "xla:"},
		{"a GPU that is not there", "xla:cuda", "xla:"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			d, err := Open(tt.name, Opening{})
			if err == nil && tt.name == "xla:cuda" {
				d.Close()
				t.Skip("there is a GPU here")
			}
			if !errors.Is(err, ErrBackend) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open(%q) = %v, want ErrBackend that names %q", tt.name, err, tt.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the message has several lines: %q", err)
			}
		})
	}
}

func TestOpenAuto(t *testing.T) {
	t.Setenv(compute.ConfigEnvVar, "")
	d, err := Open("auto", Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name != "xla:cuda" && (d.Name != "go" || len(d.PassedOver) != 1) {
		t.Errorf("%s, passed over %q, want go and a reason for the GPU", d.Name, d.PassedOver)
	}
}

func TestOpenHonoursTheEnvironment(t *testing.T) {
	t.Setenv(compute.ConfigEnvVar, "go")
	d, err := Open("", Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !d.PureGo() {
		t.Errorf("opened %s, want go", d.Name)
	}

	t.Setenv(compute.ConfigEnvVar, "nonsense")
	if _, err := Open("auto", Opening{}); !errors.Is(err, ErrBackend) || !strings.Contains(err.Error(), compute.ConfigEnvVar) {
		t.Errorf("error %v, want ErrBackend that names the variable", err)
	}
}

// Independent matrix products in one graph: with GoMLX's default configuration this one hangs.
func TestManyIndependentProductsDoNotDeadlock(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	d, err := Open("go", Opening{})
	if err != nil {
		t.Fatal(err)
	}
	const products, size = 16, 256
	inputs := make([]input, 2*products)
	for i := range inputs {
		inputs[i] = whole(dtypes.Float32, size, size)
	}
	p, err := compile(d, "products", inputs, func(in []*graph.Node) []*graph.Node {
		var out []*graph.Node
		for i := range products {
			out = append(out, graph.Dot(in[2*i], in[2*i+1]).Product())
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	ones := make([]float32, size*size)
	for i := range ones {
		ones[i] = 1
	}
	buffers := make([]compute.Buffer, len(inputs))
	for i := range buffers {
		if buffers[i], err = upload(d, ones, inputs[i]); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() {
		for range 20 {
			if _, err := p.run(0, buffers...); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the products wait for each other")
	}
}
