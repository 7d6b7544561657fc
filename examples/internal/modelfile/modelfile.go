// Package modelfile is the flags -model and -name of the programs that use a trained model.
package modelfile

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/pretrained"
)

// Usage describes the flag -model.
const Usage = "`file` of the trained model, as pictures -save, cifar10 -save and quickstart write it\n(default the bundled one, for the classes of CIFAR-10)"

// Load loads the model of a file, or the bundled one if none is named.
func Load(file string, opts ...fastresnet.LoadOption) (*fastresnet.Model, error) {
	if file == "" {
		return pretrained.CIFAR10(opts...)
	}
	return fastresnet.Load(file, opts...)
}

// NameUsage describes the flag -name.
const NameUsage = "`name` that model servers and their clients call the model by\n(default that of its file, without the ending; cifar10 for the bundled one)"

// sane are names that are one part of a path and of an address, whatever reads them.
var sane = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// Name is what the flag -name says, else what the model's file is called.
func Name(name, file string) (string, error) {
	const need = "need one of letters, digits, dots, hyphens and underscores that begins with a letter or digit"
	switch of := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)); {
	case name == "" && file == "":
		return "cifar10", nil
	case name == "" && !sane.MatchString(of):
		return "", fmt.Errorf("-model %s: the model cannot be called %q, as its file is: give it another -name, %s", file, of, need)
	case name == "":
		return of, nil
	case !sane.MatchString(name):
		return "", fmt.Errorf("-name %s: %s", name, need)
	}
	return name, nil
}
