// Command typecheck checks packages, and all that they import, for the platform that GOOS and GOARCH name: from their sources,
// and so in a tenth of the time of a build, as nothing is compiled.
package main

import (
	"fmt"
	"log"
	"os"

	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	const all = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
		packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesSizes
	loaded, err := packages.Load(&packages.Config{Mode: all}, os.Args[1:]...)
	if err != nil {
		log.Fatal(err)
	}
	if packages.PrintErrors(loaded) > 0 {
		os.Exit(1)
	}
	fmt.Println(len(loaded), "packages")
}
