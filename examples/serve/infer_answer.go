package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// inferenceAnswer is the JSON of the answer to an inference request.
type inferenceAnswer struct {
	Model   string         `json:"model_name"`
	Version string         `json:"model_version"`
	ID      string         `json:"id,omitempty"`
	Outputs []answerTensor `json:"outputs"`
}

// answerTensor is an output. Its data are behind the JSON if there is a size.
type answerTensor struct {
	Name       string         `json:"name"`
	Type       string         `json:"datatype"`
	Shape      []int          `json:"shape"`
	Parameters map[string]int `json:"parameters,omitempty"`
	Data       any            `json:"data,omitempty"`
}

// writeInference answers with the outputs that are wanted.
func writeInference(w http.ResponseWriter, model, id string, seen sight, wanted []wantedOutput) error {
	answer := inferenceAnswer{Model: model, Version: version, ID: id}
	var behind []byte
	for _, o := range wanted {
		tensor, raw := seen.output(o)
		if o.binary {
			tensor.Data, tensor.Parameters = nil, map[string]int{"binary_data_size": len(raw)}
			behind = append(behind, raw...)
		}
		answer.Outputs = append(answer.Outputs, tensor)
	}
	if behind == nil {
		return writeJSON(w, http.StatusOK, answer)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set(jsonLength, strconv.Itoa(len(text)))
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+len(behind)))
	_, _ = w.Write(append(text, behind...)) // fails if the client is gone
	return nil
}

// output is a wanted output, with its data as JSON has it and as they are behind the JSON.
func (s sight) output(o wantedOutput) (tensor answerTensor, raw []byte) {
	rows := s.rows(o.Name)
	if o.classes > 0 {
		var words []string
		for i, row := range rows {
			words = append(words, ranking(s.predictions[i], row, o.classes)...)
		}
		for _, word := range words {
			raw = append(binary.LittleEndian.AppendUint32(raw, uint32(len(word))), word...)
		}
		return answerTensor{Name: o.Name, Type: "BYTES", Shape: []int{len(rows), len(words) / len(rows)}, Data: words}, raw
	}
	values := slices.Concat(rows...)
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return answerTensor{Name: o.Name, Type: o.Type, Shape: []int{len(rows), len(rows[0])}, Data: values}, raw
}

// rows are an output's, one for each image.
func (s sight) rows(output string) (rows [][]float32) {
	if output == signature.Embedding {
		return s.embeddings
	}
	for _, p := range s.predictions {
		row := p.Logits
		if output == signature.Probabilities {
			row = make([]float32, len(p.Probabilities))
			for class, probability := range p.Probabilities {
				row[class] = float32(probability)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// ranking is the most probable classes as words, VALUE:CLASS:LABEL, with the values of a row.
func ranking(p fastresnet.Prediction, row []float32, classes int) (words []string) {
	for _, score := range p.Top(classes) {
		words = append(words, fmt.Sprintf("%f:%d:%s", row[score.Class], score.Class, score.Label))
	}
	return words
}
