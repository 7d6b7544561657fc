package modelfile_test

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
)

func TestName(t *testing.T) {
	const need = "need one of letters, digits, dots, hyphens and underscores that begins with a letter or digit"
	long := strings.Repeat("a", 101)
	for _, test := range []struct{ label, name, file, want, problem string }{
		{"the bundled one", "", "", "cifar10", ""},
		{"the file's", "", "models/cats-and_dogs.v2.safetensors", "cats-and_dogs.v2", ""},
		{"the flag's", "pets", "models/my cats.safetensors", "pets", ""},
		{"two parts of a path", "../pets", "", "", "-name ../pets: " + need},
		{"hidden", ".pets", "", "", "-name .pets: " + need},
		{"a file with a space", "", "my cats.safetensors", "",
			`-model my cats.safetensors: the model cannot be called "my cats", as its file is: give it another -name, ` + need},
		{"too long", long, "", "", "-name " + long + ": " + need},
	} {
		t.Run(test.label, func(t *testing.T) {
			got, err := modelfile.Name(test.name, test.file)
			problem := ""
			if err != nil {
				problem = err.Error()
			}
			if got != test.want || problem != test.problem {
				t.Errorf("%q, error %q; want %q, %q", got, problem, test.want, test.problem)
			}
		})
	}
}
