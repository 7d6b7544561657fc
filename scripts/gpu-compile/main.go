// Command gpu-compile compiles the programs of the recipes for NVIDIA's H100 and H200, without a GPU, and counts what they
// would make it do: the tables of BENCHMARKS.md.
//
//	go run ./scripts/gpu-compile [-recipes NAME,...] [-kernels N] [-python FILE] [-keep FOLDER]
//
// Times are estimates: each kernel takes as long as its bytes or its products do at least, whichever is longer, and nothing
// takes time between kernels. Nothing has been timed. Without -python it makes a virtual environment in the user's cache
// folder, with the CUDA plugin of JAX from PyPI (4.4 GB), which takes a Python of 3.12 or later.
//
// It exits with status 1 if a program has what it should not: a convolution in float32, arrays that are brought into
// another order (of more than 3 % of the bytes), or a scatter.
package main

import (
	"errors"
	"flag"
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet"
)

func main() {
	log.SetFlags(0)
	recipes := flag.String("recipes", "", "recipes by name or number, separated by commas; default all")
	kernels := flag.Int("kernels", 0, "print the kernels of each training step that take the longest, this many")
	python := flag.String("python", "", "Python with JAX, its CUDA plugin, and xla-cpu-pjrt")
	keep := flag.String("keep", "", "keep the programs in this folder")
	flag.Parse()
	if err := run(*recipes, *kernels, *python, *keep); err != nil {
		log.Fatal(err)
	}
}

func run(names string, kernels int, python, keep string) error {
	if plugin := os.Getenv(pluginEnv); plugin != "" { // the process that emits a program
		a := flag.Args()
		devices, err := strconv.Atoi(a[2])
		if err != nil {
			return err
		}
		return emit(plugin, a[0], a[1], devices, a[3])
	}
	var recipes []fastresnet.Recipe
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			recipes = fastresnet.Recipes()
			continue
		}
		r, err := fastresnet.RecipeByName(name)
		if err != nil {
			return err
		}
		recipes = append(recipes, r)
	}
	c, err := newCompiler(python, keep)
	if err != nil {
		return err
	}
	return errors.Join(c.tables(recipes, kernels), c.close())
}
