package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// TestTypes looks for layers in the source, so that none is forgotten in the list of them.
func TestTypes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			method, ok := d.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != "resolve" || len(method.Type.Params.List) != 1 {
				continue
			}
			if receiver, ok := method.Recv.List[0].Type.(*ast.Ident); ok {
				declared[receiver.Name] = true
			}
		}
	}
	listed := map[string]bool{}
	for _, l := range layers.Types() {
		listed[reflect.TypeOf(l).Name()] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(declared)), slices.Sorted(maps.Keys(listed))); diff != "" {
		t.Errorf("layers (-with a method resolve +in types of layer.go):\n%s", diff)
	}
}
