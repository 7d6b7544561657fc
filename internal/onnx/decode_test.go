package onnx_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// fields are those of a message, by number, in order: bytes, or the bits of a number.
type fields map[protowire.Number][]field

type field struct {
	bytes  []byte
	number uint64
}

// decode reads a message of the wire format, to its end.
func decode(t *testing.T, b []byte) fields {
	t.Helper()
	all := fields{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		var f field
		switch kind {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(b)
			f.number = uint64(bits)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			t.Fatalf("field %d is of wire type %d", number, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		all[number] = append(all[number], f)
	}
	return all
}

// texts are the strings of a field.
func (f fields) texts(number protowire.Number) []string {
	var all []string
	for _, one := range f[number] {
		all = append(all, string(one.bytes))
	}
	return all
}

// text is a field that is there once.
func (f fields) text(t *testing.T, number protowire.Number) string {
	t.Helper()
	all := f.texts(number)
	if len(all) != 1 {
		t.Fatalf("field %d is there %d times", number, len(all))
	}
	return all[0]
}

// numbers are the integers of a field.
func (f fields) numbers(number protowire.Number) []int64 {
	var all []int64
	for _, one := range f[number] {
		all = append(all, int64(one.number))
	}
	return all
}

// graph is a decoded GraphProto.
type graph struct {
	name            string
	nodes           []node
	constants       []tensor
	inputs, outputs []string
}

type node struct {
	operator        string
	inputs, outputs []string
}

type tensor struct {
	name     string
	dims     []int64
	elements int64
	raw      []byte
}

// decodeModel reads a ModelProto: its graph, and its metadata as keys and values in turn.
func decodeModel(t *testing.T, file []byte) (g graph, metadata []string) {
	t.Helper()
	model := decode(t, file)
	for _, entry := range model[14] {
		f := decode(t, entry.bytes)
		metadata = append(metadata, f.text(t, 1), f.text(t, 2))
	}
	f := decode(t, []byte(model.text(t, 7)))
	g.name = f.text(t, 2)
	for _, n := range f[1] {
		f := decode(t, n.bytes)
		g.nodes = append(g.nodes, node{operator: f.text(t, 4), inputs: f.texts(1), outputs: f.texts(2)})
	}
	for _, c := range f[5] {
		f := decode(t, c.bytes)
		g.constants = append(g.constants, tensor{f.text(t, 8), f.numbers(1), f.numbers(2)[0], f[9][0].bytes})
	}
	for _, in := range f[11] {
		g.inputs = append(g.inputs, decode(t, in.bytes).text(t, 1))
	}
	for _, out := range f[12] {
		g.outputs = append(g.outputs, decode(t, out.bytes).text(t, 1))
	}
	return g, metadata
}
