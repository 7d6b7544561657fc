package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// config is a model's configuration: Triton's message ModelConfig, as text.
func config(name string, model *fastresnet.Model) string {
	var b strings.Builder
	fmt.Fprintf(&b, `name: %q
backend: "onnxruntime"
max_batch_size: %d
input [
%s
]
output [
`, name, signature.MaxBatch, tensor(signature.Input(model)))
	var outputs []string
	for _, output := range signature.Outputs(model) {
		var more []string
		if slices.Contains([]string{signature.Logits, signature.Probabilities}, output.Name) { // one for each class
			more = append(more, fmt.Sprintf("label_filename: %q", labelsFile))
		}
		outputs = append(outputs, tensor(output, more...))
	}
	fmt.Fprintf(&b, `%s
]
dynamic_batching { } # requests that wait at the same time are computed together
`, strings.Join(outputs, ",\n"))
	return b.String()
}

// tensor is an input or output, with more fields of it.
func tensor(t signature.Tensor, more ...string) string {
	fields := append([]string{
		fmt.Sprintf("name: %q", t.Name),
		"data_type: TYPE_" + t.Type,
		"dims: " + strings.ReplaceAll(fmt.Sprint(t.Dims), " ", ", "),
	}, more...)
	return "  {\n    " + strings.Join(fields, "\n    ") + "\n  }"
}
