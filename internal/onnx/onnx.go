// Package onnx writes trained networks in the format of ONNX (https://onnx.ai), which other programs run.
//
// The graph takes pixels as they are and holds all that a model does with them: the views of an image, the
// normalisation, the layers by their running statistics, and the softmax. It computes in float32.
package onnx

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// Model is what there is to write.
type Model struct {
	Network       layers.Network
	Classes       []string
	Normalization data.Normalization
	// Resizing is how pictures become images, and Threshold the probability below which an answer is unknown, 0 for none:
	// for whoever uses the file.
	Resizing  data.Resizing
	Threshold float64
	// Views are the views of an image whose logits are added up, weighted; none for the image alone.
	Views []engine.View
	// Values are the network's variables, by name.
	Values map[string][]float32
}

const (
	// opset is the version of the operators. This one, of ONNX 1.8, has all that is needed here, and every
	// runtime of the years since knows it.
	opset = 13
	// irVersion is the version of the format that came with it.
	irVersion = 7
)

// Write writes the model in one piece. Its input is "images" [batch, height, width, channels] uint8 and its
// outputs are "logits" and "probabilities" [batch, classes] float32, for batches of any size; the model's
// metadata holds the names of the "classes" as a JSON array, the "resizing" of pictures by its name, and the
// "threshold", if there is one, as a decimal. A network that has a body ([layers.Network.Body]) has a
// third output, "embedding" [batch, N] float32: the body's features, averaged over the views and scaled to length 1.
//
// Errors about the network wrap [layers.ErrNetwork], and those about the normalisation [data.ErrFormat].
func Write(w io.Writer, m Model) error {
	g, err := m.graph()
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	classes, err := json.Marshal(m.Classes)
	if err != nil {
		return fmt.Errorf("onnx: classes: %w", err)
	}
	metadata := map[string]string{"classes": string(classes), "resizing": m.Resizing.String()}
	if m.Threshold > 0 {
		metadata["threshold"] = strconv.FormatFloat(m.Threshold, 'g', -1, 64)
	}
	_, err = w.Write(modelMessage(g.message(m.Network.Name), metadata))
	if err != nil {
		return fmt.Errorf("onnx: writing: %w", err)
	}
	return nil
}

// graph is the model from pixels to probabilities and embedding.
func (m Model) graph() (*graph, error) {
	steps, err := m.Network.Plan()
	if err != nil {
		return nil, err
	}
	in, classes := m.Network.Input, m.Network.Classes()
	if len(m.Classes) != classes {
		return nil, fmt.Errorf("%d names of classes for %d logits", len(m.Classes), classes)
	}
	if err := m.Normalization.Validate(in.Channels); err != nil {
		return nil, err
	}
	for _, s := range steps {
		for _, v := range s.Variables {
			if got := len(m.Values[v.Name]); got != v.Size() {
				return nil, fmt.Errorf("variable %q has %d values, want %d", v.Name, got, v.Size())
			}
		}
	}

	g := &graph{}
	g.input("images", typeUint8, in.Height, in.Width, in.Channels)
	g.output("logits", typeFloat, classes)
	g.output("probabilities", typeFloat, classes)

	x := g.normalize(g.views("images", m.Views, in), m.Normalization)
	walk := walk{graph: g, steps: steps, values: m.Values}
	classifier := m.Network.Layers
	if body, err := m.Network.Body(); err == nil { // else there is no embedding
		classifier = classifier[len(body.Layers):]
		if x, err = walk.sequence(body.Layers, x); err != nil {
			return nil, err
		}
		g.embedding(x, m.Views, body.Classes())
	}
	if x, err = walk.sequence(classifier, x); err != nil {
		return nil, err
	}
	g.addViews("logits", x, m.Views, classes)
	g.nodeTo("probabilities", "Softmax", []string{"logits"}, integer("axis", 1))
	return g, nil
}

// embedding makes features [views·batch, n, 1, 1] the output "embedding", each row of length 1. A row of zeros is
// divided by the smallest float32 that is not denormal, and stays.
func (g *graph) embedding(x string, views []engine.View, n int) {
	const least = 0x1p-126
	g.output("embedding", typeFloat, n)
	g.addViews("features", x, views, n)
	length := g.node("ReduceL2", []string{"features"}, integers("axes", 1), integer("keepdims", 1))
	g.nodeTo("embedding", "Div", []string{"features", g.node("Max", []string{length, g.scalar(least)})})
}

// normalize is what [data.Normalization.Apply] does, and brings [batch, height, width, channels] into the order of
// ONNX's operators, [batch, channels, height, width], which that of all values behind it is.
func (g *graph) normalize(x string, n data.Normalization) string {
	inverse := make([]float32, len(n.Std))
	for c, std := range n.Std {
		inverse[c] = 1 / std
	}
	g.floats("mean", []int{len(n.Mean), 1, 1}, n.Mean)
	g.floats("inverse_deviation", []int{len(n.Std), 1, 1}, inverse)
	x = g.node("Cast", []string{x}, integer("to", typeFloat))
	x = g.node("Transpose", []string{x}, integers("perm", 0, 3, 1, 2))
	return g.node("Mul", []string{g.node("Sub", []string{x, "mean"}), "inverse_deviation"})
}

// views are the views of the batch, one behind the other: [views·batch, height, width, channels]; the batch itself if
// there are none.
func (g *graph) views(x string, views []engine.View, shape data.Shape) string {
	if len(views) == 0 {
		return x
	}
	var all []string
	for i, v := range views {
		seen := x
		if v.Down != 0 {
			rows := g.int64s(fmt.Sprintf("view%d_rows", i), v.Rows(shape.Height))
			seen = g.node("Gather", []string{seen, rows}, integer("axis", 1))
		}
		if v.Flip || v.Right != 0 {
			columns := g.int64s(fmt.Sprintf("view%d_columns", i), v.Columns(shape.Width))
			seen = g.node("Gather", []string{seen, columns}, integer("axis", 2))
		}
		all = append(all, seen)
	}
	return g.node("Concat", all, integer("axis", 0))
}

// addViews makes output the weighted sum of x [views·batch, n, 1, 1] over the views: [batch, n].
func (g *graph) addViews(output, x string, views []engine.View, n int) {
	if len(views) == 0 {
		g.nodeTo(output, "Flatten", []string{x}, integer("axis", 1))
		return
	}
	weights := make([]float32, len(views))
	for i, v := range views {
		weights[i] = v.Weight
	}
	g.floats("view_weights", []int{len(views), 1, 1}, weights)
	x = g.node("Reshape", []string{x, g.int64s(fmt.Sprintf("views_batch_%d", n), []int{len(views), -1, n})})
	x = g.node("Mul", []string{x, "view_weights"})
	g.nodeTo(output, "ReduceSum", []string{x, g.int64s("views_axis", []int{0})}, integer("keepdims", 0))
}
