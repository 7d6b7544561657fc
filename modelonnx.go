package fastresnet

import (
	"fmt"
	"io"

	"github.com/fastresnet/fastresnet/internal/onnx"
)

// ExportONNX writes the model as an ONNX file, for ONNX Runtime and other programs. Its input "images" is bytes
// [batch, height, width, channels], pixels as they are, 0 to 255, and its outputs are "logits" and "probabilities"
// [batch, classes] and, unless [Model.EmbeddingSize] is 0, "embedding" [batch, N], what [Model.Embed] returns. They are
// float32, for batches of any size: the file holds the normalisation and the test views too. The names of the classes
// are in its metadata, under "classes", as a JSON array, and so are [Model.Resizing], by which pictures become its images,
// under "resizing" as "crop", "stretch" or "pad", and [Model.Threshold], unless it is 0, under "threshold".
//
// The file computes in float32, in whichever precision the model does. docs/export.md shows how to use it.
func (m *Model) ExportONNX(w io.Writer) (err error) {
	defer guard(&err)
	if err := m.made(); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	values, err := m.weights()
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	err = onnx.Write(w, onnx.Model{
		Network: m.network, Classes: m.classes, Normalization: m.normalization, Resizing: m.resizing, Threshold: m.Threshold(),
		Views: m.views, Values: values,
	})
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	return nil
}
