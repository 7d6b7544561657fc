//go:build ignore

// Arrows counts the arrows among the files of a package: one from a file to another whose names it uses. Files in a
// circle are those that use one another, in any number of steps.
//
//	go run scripts/arrows.go [-v] FOLDER
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"log"
	"path/filepath"
	"slices"
)

func main() {
	verbose := flag.Bool("v", false, "list the arrows")
	flag.Parse()
	pkg, err := build.ImportDir(flag.Arg(0), 0)
	if err != nil {
		log.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range append(pkg.GoFiles, pkg.CgoFiles...) {
		f, err := parser.ParseFile(fset, filepath.Join(flag.Arg(0), name), nil, 0)
		if err != nil {
			log.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	own, err := conf.Check(pkg.Name, fset, files, info)
	if err != nil {
		log.Fatal(err)
	}
	file := func(p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	arrows := map[[2]string]bool{}
	for use, object := range info.Uses {
		if object.Pkg() == own && object.Pos().IsValid() && file(use.Pos()) != file(object.Pos()) {
			arrows[[2]string{file(use.Pos()), file(object.Pos())}] = true
		}
	}
	reach := map[string]map[string]bool{} // by one arrow or more
	for _, f := range files {
		from := file(f.Pos())
		reach[from] = map[string]bool{}
		for next := []string{from}; len(next) > 0; next = next[1:] {
			for a := range arrows {
				if a[0] == next[0] && !reach[from][a[1]] {
					reach[from][a[1]] = true
					next = append(next, a[1])
				}
			}
		}
	}
	var circle, lines []string
	for name, reached := range reach {
		if reached[name] {
			circle = append(circle, name)
		}
	}
	for a := range arrows {
		lines = append(lines, a[0]+" -> "+a[1])
	}
	slices.Sort(lines)
	slices.Sort(circle)
	if *verbose {
		for _, l := range lines {
			fmt.Println(l)
		}
	}
	fmt.Printf("%d files, %d arrows, %d files in circles: %v\n", len(files), len(arrows), len(circle), circle)
}
