//go:build ignore

// Arrows counts the arrows among the files of a package: one from a file to another whose names it uses. Two files that use each
// other are a circle.
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
	var lines []string
	circles := 0
	for a := range arrows {
		mark := ""
		if arrows[[2]string{a[1], a[0]}] {
			mark = " and back"
			circles++
		}
		lines = append(lines, a[0]+" -> "+a[1]+mark)
	}
	slices.Sort(lines)
	if *verbose {
		for _, l := range lines {
			fmt.Println(l)
		}
	}
	fmt.Printf("%d files, %d arrows, %d pairs of files that use each other\n", len(files), len(arrows), circles/2)
}
