package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The program can be copied into another module: it uses nothing that is not for others.
func TestCanBeCopied(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("files %q, error %v", files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range file.Imports {
			if strings.Contains(imported.Path.Value, "/internal/") {
				t.Errorf("%s imports %s", name, imported.Path.Value)
			}
		}
	}
}

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

// The command that is printed can be pasted, whatever the model's file is called.
func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{
		"figures.safetensors":         "figures.safetensors",
		"/tmp/my-model_2.safetensors": "/tmp/my-model_2.safetensors",
		"my figures.safetensors":      "'my figures.safetensors'",
		"a$HOME`b`.safetensors":       "'a$HOME`b`.safetensors'",
		"it's.safetensors":            `'it'\''s.safetensors'`,
		"größe.safetensors":           "'größe.safetensors'",
		`C:\m.safetensors`:            `'C:\m.safetensors'`,
	} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
