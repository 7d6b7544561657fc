// Export writes a trained model as an ONNX file, in the layout of folders that a model server such as NVIDIA's Triton
// reads. docs/export.md describes the file, and what can be done with it. Run it with -h for its flags.
//
//	go run ./examples/export models                              # the bundled model
//	go run ./examples/export -model cifar.safetensors models
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

func main() { program.Main("export", run) }

// run is the program; it returns the exit status.
func run(_ context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if err == nil {
		err = export(s, stdout)
	}
	return program.Status("export", err, stderr)
}

// export adds the model to the repository, and says where, and whether another was there.
func export(s *settings, stdout io.Writer) error {
	model, err := modelfile.Load(s.model, fastresnet.WithBackend("go")) // nothing is computed
	if err != nil {
		return err
	}
	defer model.Close()
	file, replaced, err := add(s.repository, s.name, model)
	if err != nil {
		return err
	}
	instead := ""
	if replaced {
		instead = "; it replaces the one that was there"
	}
	fmt.Fprintf(stdout, "%s: version %d of %s, for batches of up to %d images%s\n", file, version, s.name, signature.MaxBatch, instead)
	return nil
}
