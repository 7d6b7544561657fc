package progress

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// TensorBoard reads TFRecord files (https://www.tensorflow.org/tutorials/load_data/tfrecord) of Event messages. The
// numbers of their fields are those of event.proto, summary.proto, tensor.proto and types.proto in
// https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto.
const (
	eventWallTime, eventStep, eventFileVersion, eventSummary = 1, 2, 3, 5
	summaryValue                                             = 1
	valueTag, valueSimple, valueTensor, valueMetadata        = 1, 2, 8, 9
	metadataPlugin, metadataClass, pluginName                = 1, 4, 1
	classTensor                                              = 2 // of DataClass
	tensorType, tensorStrings                                = 1, 8
	typeString                                               = 7 // of DataType
)

// scalar is a number with its name.
type scalar struct {
	tag   string
	value float64
}

// versionEvent is the first event of a file.
func versionEvent(at time.Time) []byte {
	return appendText(eventHead(at, 0), eventFileVersion, "brain.Event:2")
}

// scalarsEvent has the values of a step.
func scalarsEvent(at time.Time, step int, values []scalar) []byte {
	var summary []byte
	for _, v := range values {
		var value []byte
		value = appendText(value, valueTag, v.tag)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(v.value)))
		summary = appendMessage(summary, summaryValue, value)
	}
	return appendMessage(eventHead(at, step), eventSummary, summary)
}

// textEvent has a text in Markdown.
func textEvent(at time.Time, tag, text string) []byte {
	metadata := appendMessage(nil, metadataPlugin, appendText(nil, pluginName, "text"))
	metadata = appendNumber(metadata, metadataClass, classTensor)
	tensor := appendText(appendNumber(nil, tensorType, typeString), tensorStrings, text)
	value := appendMessage(appendText(nil, valueTag, tag), valueTensor, tensor)
	value = appendMessage(value, valueMetadata, metadata)
	return appendMessage(eventHead(at, 0), eventSummary, appendMessage(nil, summaryValue, value))
}

func eventHead(at time.Time, step int) []byte {
	head := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	head = protowire.AppendFixed64(head, math.Float64bits(float64(at.UnixMicro())/1e6)) // seconds
	return appendNumber(head, eventStep, uint64(step))
}

// appendNumber leaves out 0, as protobuf does.
func appendNumber(to []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return to
	}
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), v)
}

func appendText(to []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), text)
}

func appendMessage(to []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), message)
}

// record frames data as TFRecord does: its length, of 8 bytes, that one's checksum, the data, and its checksum.
func record(data []byte) []byte {
	framed := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	framed = binary.LittleEndian.AppendUint32(framed, maskedChecksum(framed))
	framed = append(framed, data...)
	return binary.LittleEndian.AppendUint32(framed, maskedChecksum(data))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedChecksum is a CRC-32C, rotated and shifted so that the checksum of data that hold checksums is a good one.
func maskedChecksum(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
