package modelfile_test

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
)

func TestName(t *testing.T) {
	for _, test := range []struct{ label, name, file, want string }{
		{"the one that comes along", "", "", "cifar10"},
		{"the file's", "", "models/cats-and_dogs.v2.safetensors", "cats-and_dogs.v2"},
		{"the flag's", "pets", "models/cats.safetensors", "pets"},
		{"two parts of a path", "../pets", "", ""},
		{"hidden", ".pets", "", ""},
		{"a file with a space", "", "my cats.safetensors", ""},
		{"too long", strings.Repeat("a", 101), "", ""},
	} {
		t.Run(test.label, func(t *testing.T) {
			got, err := modelfile.Name(test.name, test.file)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("%q, error %v; want %q", got, err, test.want)
			}
		})
	}
}
