// Command x86 writes the AVX-512 and AVX2 kernels of package kernels, with avo, which allocates the registers.
//
//	go -C _asm run ./x86 FOLDER
//
// Both instruction sets are written by the same functions, one a kernel: an [isa] says how many lanes of a vector a
// register holds, and how to compare and select, which is where they differ. The meaning of each kernel stands in
// set.go; the Go declarations are in declarations_amd64.go, and go vet compares them with the assembly.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"

	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels/_asm/winograd"
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: x86 FOLDER") // avo has defined flags of its own
	}
	for _, i := range []isa{
		{name: "AVX512", file: "avx512_amd64.s", floats: 16, missing: regexp.MustCompile(`$^`)},
		{name: "AVX2", file: "avx2_amd64.s", floats: 8, missing: regexp.MustCompile(`\bY(1[6-9]|[23]\d)\b`)},
	} {
		if err := write(filepath.Join(os.Args[1], i.file), i); err != nil {
			log.Fatal(err)
		}
	}
}

// write generates the kernels of an instruction set.
func write(file string, i isa) error {
	a := &assembler{build.NewContext(), i}
	a.ConstraintExpr("amd64")
	a.convolve()
	a.convolveChannels()
	a.correlate()
	a.transpose()
	a.moments()
	a.affine()
	a.affineSums()
	a.affineBackward()
	a.maxPool()
	a.maxPoolBackward()
	a.maxPoolAffineBackward()
	for _, t := range winograd.Transforms {
		a.transform(t)
	}
	result, err := a.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(result); err != nil {
		return fmt.Errorf("%s: %w", i.name, err)
	}
	text, err := printer.NewGoAsm(printer.Config{Name: "_asm/x86", Pkg: "kernels"}).Print(result)
	if err != nil {
		return err
	}
	if r := i.missing.Find(text); r != nil {
		return fmt.Errorf("%s: a kernel takes more registers than there are: %s is used", i.name, r)
	}
	return os.WriteFile(file, text, 0o644)
}

// function begins a kernel, whose name in Go ends with the instruction set's. The signature has structs written out,
// and pointers to structs as *byte: avo does not know the package's types.
func (a *assembler) function(name, signature string) {
	a.Function(name + a.name)
	a.Attributes(attr.NOSPLIT)
	a.SignatureExpr(signature)
}

// end returns from a kernel.
func (a *assembler) end() {
	a.VZEROUPPER()
	a.RET()
}
