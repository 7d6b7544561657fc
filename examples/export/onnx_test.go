package main

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// decodeONNX reads what an ONNX file says of its inputs and outputs: messages ValueInfoProto in the GraphProto of its
// ModelProto.
func decodeONNX(t *testing.T, file []byte) (inputs, outputs []described) {
	t.Helper()
	const graph, graphInput, graphOutput = 7, 11, 12
	for _, in := range field(t, at(t, file, graph), graphInput) {
		inputs = append(inputs, decodeValueInfo(t, in.message))
	}
	for _, out := range field(t, at(t, file, graph), graphOutput) {
		outputs = append(outputs, decodeValueInfo(t, out.message))
	}
	return inputs, outputs
}

func decodeValueInfo(t *testing.T, b []byte) described {
	t.Helper()
	const name, valueType, tensorType, elementType, shape, dim, dimValue = 1, 2, 1, 1, 2, 1, 1
	tensor := at(t, b, valueType, tensorType)
	d := described{
		Name: string(at(t, b, name)),
		Type: map[uint64]string{1: "TYPE_FP32", 2: "TYPE_UINT8"}[field(t, tensor, elementType)[0].number],
	}
	for _, one := range field(t, at(t, tensor, shape), dim) {
		n := int64(-1) // it has a name in place of a value
		if values := field(t, one.message, dimValue); values != nil {
			n = int64(values[0].number)
		}
		d.Dims = append(d.Dims, n)
	}
	return d
}

// value is that of a field: a message, or a number.
type value struct {
	message []byte
	number  uint64
}

// field are the values of a message's field.
func field(t *testing.T, b []byte, number protowire.Number) (all []value) {
	t.Helper()
	for len(b) > 0 {
		is, kind, tag := protowire.ConsumeTag(b)
		n := protowire.ConsumeFieldValue(is, kind, b[max(tag, 0):])
		if tag < 0 || n < 0 {
			t.Fatal(protowire.ParseError(min(tag, n)))
		}
		content := b[tag : tag+n]
		if b = b[tag+n:]; is != number {
			continue
		}
		var v value
		if kind == protowire.BytesType {
			v.message, _ = protowire.ConsumeBytes(content)
		} else {
			v.number, _ = protowire.ConsumeVarint(content)
		}
		all = append(all, v)
	}
	return all
}

// at is the message that is reached by fields that are there once.
func at(t *testing.T, b []byte, path ...protowire.Number) []byte {
	t.Helper()
	for _, number := range path {
		values := field(t, b, number)
		if len(values) != 1 {
			t.Fatalf("field %d is there %d times", number, len(values))
		}
		b = values[0].message
	}
	return b
}
