package onnx

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
)

// graph collects the operations of an ONNX graph and the constants they take. A value is known by its name:
// constants that are variables of the network have theirs, all of which hold a slash, and no other name does.
type graph struct {
	nodes, constants, inputs, outputs []message
	// written are the names of the constants.
	written map[string]bool
}

// node adds an operation, and returns its output.
func (g *graph) node(operator string, inputs []string, attributes ...message) string {
	output := fmt.Sprintf("%s_%d", operator, len(g.nodes))
	g.nodeTo(output, operator, inputs, attributes...)
	return output
}

// nodeTo adds an operation whose output has a name of its own.
func (g *graph) nodeTo(output, operator string, inputs []string, attributes ...message) {
	g.nodes = append(g.nodes, nodeMessage(operator, inputs, output, attributes))
}

// input and output declare values [batch, dims...] as the graph's own.
func (g *graph) input(name string, elements int, dims ...int) {
	g.inputs = append(g.inputs, valueMessage(name, elements, dims))
}

func (g *graph) output(name string, elements int, dims ...int) {
	g.outputs = append(g.outputs, valueMessage(name, elements, dims))
}

// floats adds a constant, and returns its name.
func (g *graph) floats(name string, dims []int, values []float32) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.constant(name, typeFloat, dims, raw)
}

// scalar adds a number, named by its value.
func (g *graph) scalar(v float64) string {
	return g.floats(fmt.Sprint("constant_", v), nil, []float32{float32(v)})
}

// int64s adds a list of integers, and returns its name.
func (g *graph) int64s(name string, values []int) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return g.constant(name, typeInt64, []int{len(values)}, raw)
}

// constant adds a tensor, unless one of that name, which then is the same, is there.
func (g *graph) constant(name string, elements int, dims []int, raw []byte) string {
	if g.written == nil {
		g.written = map[string]bool{}
	}
	if !g.written[name] {
		g.written[name] = true
		g.constants = append(g.constants, tensorMessage(name, elements, dims, raw))
	}
	return name
}

// message is the whole graph. It must have a name.
func (g *graph) message(name string) message {
	return graphMessage(cmp.Or(name, "network"), g.nodes, g.constants, g.inputs, g.outputs)
}
