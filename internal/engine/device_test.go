package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/engine"
)

func TestOpenErrors(t *testing.T) {
	tests := []struct {
		label, name, want string
	}{
		{"not a backend", "nonsense", `"nonsense" is unknown`},
		{"an option that there is not", "go:nonsense", "nonsense"},
		{"a plugin that is not there", "xla:/no/such/plugin.so", "xla:"},
		{"a GPU that is not there", "xla:cuda", "xla:"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			d, err := engine.Open(tt.name, engine.Opening{})
			if err == nil && tt.name == "xla:cuda" {
				d.Close()
				t.Skip("there is a GPU here")
			}
			if !errors.Is(err, engine.ErrBackend) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open(%q) = %v, want ErrBackend that names %q", tt.name, err, tt.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the message has several lines: %q", err)
			}
		})
	}
}

func TestOpenAuto(t *testing.T) {
	for _, named := range []string{"", "auto"} {
		t.Setenv(engine.Environment, named)
		d, err := engine.Open("auto", engine.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.Name != "xla:cuda" && (d.Name != "go" || len(d.PassedOver) != 1) {
			t.Errorf("%s=%s: %s, passed over %q, want go and a reason for the GPU", engine.Environment, named, d.Name, d.PassedOver)
		}
	}
}

func TestOpenHonoursTheEnvironment(t *testing.T) {
	t.Setenv(engine.Environment, "go")
	d, err := engine.Open("", engine.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name != "go" {
		t.Errorf("opened %s, want go", d.Name)
	}

	t.Setenv(engine.Environment, "nonsense")
	if _, err := engine.Open("auto", engine.Opening{}); !errors.Is(err, engine.ErrBackend) || !strings.Contains(err.Error(), engine.Environment) {
		t.Errorf("error %v, want ErrBackend that names the variable", err)
	}
}
