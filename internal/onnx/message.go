package onnx

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
)

// message is a protocol buffer of ONNX in its wire format. The numbers of the fields are those of
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
type message []byte

// The wire types of fields: https://protobuf.dev/programming-guides/encoding.
const (
	varint  = 0
	bytes   = 2
	fixed32 = 5
)

// field begins a field.
func (m *message) field(number, wireType int) {
	*m = binary.AppendUvarint(*m, uint64(number)<<3|uint64(wireType))
}

// text writes a string, which must be UTF-8 there.
func (m *message) text(number int, s string) {
	m.bytes(number, []byte(strings.ToValidUTF8(s, "\uFFFD")))
}

func (m *message) bytes(number int, b []byte) {
	m.field(number, bytes)
	*m = append(binary.AppendUvarint(*m, uint64(len(b))), b...)
}

func (m *message) integer(number, v int) {
	m.field(number, varint)
	*m = binary.AppendUvarint(*m, uint64(v)) // a negative number as its two's complement
}

func (m *message) float(number int, v float64) {
	m.field(number, fixed32)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(float32(v)))
}

// TensorProto.DataType: what the elements of a tensor are.
const (
	typeFloat = 1
	typeUint8 = 2
	typeInt64 = 7
)

// modelMessage is a ModelProto.
func modelMessage(graph message, metadata map[string]string) message {
	var m, operators message
	m.integer(1, irVersion)
	m.text(2, "fastresnet")
	m.bytes(7, graph)
	operators.integer(2, opset) // of the domain "", ONNX's own
	m.bytes(8, operators)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		var entry message
		entry.text(1, key)
		entry.text(2, metadata[key])
		m.bytes(14, entry)
	}
	return m
}

// graphMessage is a GraphProto.
func graphMessage(name string, nodes, constants, inputs, outputs []message) message {
	var m message
	for _, n := range nodes {
		m.bytes(1, n)
	}
	m.text(2, name)
	for _, c := range constants {
		m.bytes(5, c)
	}
	for _, in := range inputs {
		m.bytes(11, in)
	}
	for _, out := range outputs {
		m.bytes(12, out)
	}
	return m
}

// nodeMessage is a NodeProto, named after its output.
func nodeMessage(operator string, inputs []string, output string, attributes []message) message {
	var m message
	for _, in := range inputs {
		m.text(1, in)
	}
	m.text(2, output)
	m.text(3, output)
	m.text(4, operator)
	for _, a := range attributes {
		m.bytes(5, a)
	}
	return m
}

// float, integer and integers are AttributeProtos.
func float(name string, v float64) message {
	const kind = 1 // AttributeProto.FLOAT
	var m message
	m.text(1, name)
	m.float(2, v)
	m.integer(20, kind)
	return m
}

func integer(name string, v int) message {
	const kind = 2 // AttributeProto.INT
	var m message
	m.text(1, name)
	m.integer(3, v)
	m.integer(20, kind)
	return m
}

func integers(name string, values ...int) message {
	const kind = 7 // AttributeProto.INTS
	var m message
	m.text(1, name)
	for _, v := range values {
		m.integer(8, v)
	}
	m.integer(20, kind)
	return m
}

// tensorMessage is a TensorProto of little-endian elements.
func tensorMessage(name string, elements int, dims []int, raw []byte) message {
	var m message
	for _, d := range dims {
		m.integer(1, d)
	}
	m.integer(2, elements)
	m.text(8, name)
	m.bytes(9, raw)
	return m
}

// valueMessage is a ValueInfoProto: a tensor of any number of rows, each of dims.
func valueMessage(name string, elements int, dims []int) message {
	var batch, shape, tensor, kind, m message
	batch.text(2, "batch")
	shape.bytes(1, batch)
	for _, d := range dims {
		var dim message
		dim.integer(1, d)
		shape.bytes(1, dim)
	}
	tensor.integer(1, elements)
	tensor.bytes(2, shape)
	kind.bytes(1, tensor)
	m.text(1, name)
	m.bytes(2, kind)
	return m
}
