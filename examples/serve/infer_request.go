package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// jsonLength is the header that says where a body's JSON ends, and the tensors behind it begin.
const jsonLength = "Inference-Header-Content-Length"

// inferenceRequest is what a client wants to know. Its arrays are as long as what is read of them: what is behind that
// takes no memory, however much it is.
type inferenceRequest struct {
	ID         string `json:"id"`
	Parameters struct {
		Binary bool `json:"binary_data_output"`
	} `json:"parameters"`
	Inputs  [2]*inputTensor  `json:"inputs"`
	Outputs [4]*outputTensor `json:"outputs"`

	binary []byte // what is behind the JSON
}

// inputTensor is what a request says of an input.
type inputTensor struct {
	Name       string  `json:"name"`
	Type       string  `json:"datatype"`
	Shape      [5]*int `json:"shape"`
	Parameters struct {
		Size *int `json:"binary_data_size"`
	} `json:"parameters"`
	Data *elements `json:"data"`
}

// outputTensor is what a request says of an output.
type outputTensor struct {
	Name       string `json:"name"`
	Parameters struct {
		Binary  *bool `json:"binary_data"`
		Classes int   `json:"classification"`
	} `json:"parameters"`
}

// wantedOutput is an output that a request asks for.
type wantedOutput struct {
	signature.Tensor
	binary  bool // behind the JSON
	classes int  // as many of the highest ones in words, in place of numbers; 0 for numbers
}

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errInference, fmt.Errorf(format, args...))
}

// readInference reads a body, whose JSON is as long as the header says, if there is one. No error repeats what a client
// has sent, which may be long.
func readInference(header string, body []byte) (*inferenceRequest, error) {
	request, text := &inferenceRequest{}, body
	if header != "" {
		n, err := strconv.Atoi(header)
		if err != nil || n < 0 || n > len(body) {
			return nil, wrong("%s: need a number, and no more than the body has bytes", jsonLength)
		}
		text, request.binary = body[:n], body[n:]
	}
	err := json.Unmarshal(text, request)
	if mismatch := (*json.UnmarshalTypeError)(nil); errors.As(err, &mismatch) {
		return nil, wrong("%s: need JSON of another type, or another number", mismatch.Field)
	}
	if err != nil {
		return nil, wrong("need JSON, of %d bytes: %w", len(text), err)
	}
	const longest = 256
	if len(request.ID) > longest {
		return nil, wrong("id: need no more than %d bytes", longest)
	}
	return request, nil
}

// images are those of the one input that there is, of a shape.
func (q *inferenceRequest) images(shape data.Shape) (*data.Dataset, error) {
	in := q.Inputs[0]
	if in == nil || q.Inputs[1] != nil || in.Name != signature.Images {
		return nil, wrong("need one input, %q", signature.Images)
	}
	if in.Type != signature.Uint8 {
		return nil, wrong("%s: need the datatype %s, pixels as they are, from 0 to 255", signature.Images, signature.Uint8)
	}
	n, ok := in.batch(shape)
	if !ok {
		return nil, wrong("%s: need the shape [n, %d, %d, %d], with n from 1 to %d", signature.Images,
			shape.Height, shape.Width, shape.Channels, signature.MaxBatch)
	}
	var pixels []uint8
	switch size := in.Parameters.Size; {
	case size != nil && in.Data == nil:
		if pixels = q.binary; *size != len(pixels) {
			return nil, wrong("%s: binary_data_size is not what is behind the JSON, %d bytes", signature.Images, len(pixels))
		}
	case size == nil && in.Data != nil && len(q.binary) == 0:
		if pixels = in.Data.values; !in.Data.bytes {
			return nil, wrong("%s: data: need whole numbers from 0 to 255", signature.Images)
		}
	default:
		return nil, wrong("%s: need either data, or binary_data_size and as many bytes behind the JSON", signature.Images)
	}
	if want := n * shape.Size(); len(pixels) != want {
		return nil, wrong("%s: %d numbers, need %d", signature.Images, len(pixels), want)
	}
	return data.Adopt(pixels, shape, make([]int, n), []string{"not known yet"})
}

// batch is the number of images in a tensor of some of a shape.
func (t *inputTensor) batch(shape data.Shape) (n int, ok bool) {
	if slices.Contains(t.Shape[:4], nil) || t.Shape[4] != nil {
		return 0, false
	}
	n = *t.Shape[0]
	return n, n >= 1 && n <= signature.MaxBatch && *t.Shape[1] == shape.Height && *t.Shape[2] == shape.Width && *t.Shape[3] == shape.Channels
}

// wanted are the outputs that are asked for: all, if none are.
func (q *inferenceRequest) wanted(outputs []signature.Tensor) (wanted []wantedOutput, err error) {
	asked := q.Outputs[:] // up to the last: there are nulls behind
	for len(asked) > 0 && asked[len(asked)-1] == nil {
		asked = asked[:len(asked)-1]
	}
	if len(asked) == 0 {
		for _, o := range outputs {
			wanted = append(wanted, wantedOutput{Tensor: o, binary: q.Parameters.Binary})
		}
		return wanted, nil
	}
	left := slices.Clone(outputs)
	for _, a := range asked {
		if a == nil {
			return nil, wrong("outputs: one is null")
		}
		i := slices.IndexFunc(left, func(o signature.Tensor) bool { return o.Name == a.Name })
		if i < 0 {
			var names []string
			for _, o := range outputs {
				names = append(names, o.Name)
			}
			return nil, wrong("need outputs of %s, each once", strings.Join(names, ", "))
		}
		o := wantedOutput{Tensor: left[i], binary: q.Parameters.Binary, classes: a.Parameters.Classes}
		if a.Parameters.Binary != nil {
			o.binary = *a.Parameters.Binary
		}
		if o.classes < 0 || o.classes > 0 && o.Name == signature.Embedding {
			return nil, wrong("classification: need a number of classes, of %s or %s", signature.Logits, signature.Probabilities)
		}
		wanted, left = append(wanted, o), slices.Delete(left, i, i+1)
	}
	return wanted, nil
}

// elements are the data of a tensor of bytes, whose numbers may be nested. They are read without memory for more than
// they are.
type elements struct {
	values []uint8
	bytes  bool // that is what they all are
}

// UnmarshalJSON implements [json.Unmarshaler]. It takes text of any kind, so that the type that is said beside it
// decides what is wrong.
func (e *elements) UnmarshalJSON(text []byte) error {
	*e = elements{values: make([]uint8, 0, 1+bytes.Count(text, []byte(","))), bytes: true}
	for i := 0; i < len(text) && e.bytes; {
		n, start := 0, i
		for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
			n = min(10*n+int(text[i]-'0'), 256)
		}
		switch {
		case n > 255:
			e.bytes = false
		case i > start:
			e.values = append(e.values, uint8(n))
		default:
			e.bytes = strings.IndexByte("[], \t\r\n", text[i]) >= 0
			i++
		}
	}
	return nil
}
