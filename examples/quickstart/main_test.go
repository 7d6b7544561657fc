package main

import "testing"

// What is no name of a model's file is said before the training.
func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"m.png"}, "m.png: need a name that ends in .safetensors"},
		{[]string{"-seed"}, "unexpected flag -seed: there are none (-h for help)"},
		{[]string{"m", "n"}, `unexpected argument "n": there is one, the file to save to (-h for help)`},
	} {
		if err := run(t.Context(), test.args); err == nil || err.Error() != test.want {
			t.Errorf("%q: error %v, want %s", test.args, err, test.want)
		}
	}
}
