package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// inferred is what a service answered to an inference request, with the tensors behind its JSON in their places.
type inferred struct {
	Model   string `json:"model_name"`
	Version string `json:"model_version"`
	ID      string
	Outputs []struct {
		Name, Datatype string
		Shape          []int
		Parameters     map[string]int
		Data           any
	}
}

// infer posts an inference request: JSON, with pixels behind it if there are any.
func infer(t testing.TB, url, path, text string, pixels []uint8) response {
	t.Helper()
	r, err := sendInference(url+path, text, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sendInference(url, text string, pixels []uint8) (response, error) {
	request, err := http.NewRequest("POST", url, bytes.NewReader(append([]byte(text), pixels...)))
	if err != nil {
		return response{}, err
	}
	if pixels != nil {
		request.Header.Set(jsonLength, strconv.Itoa(len(text)))
	}
	return do(request)
}

// inferred is an answer whose tensors are numbers or words, wherever they were.
func (r response) inferred(t testing.TB) (a inferred) {
	t.Helper()
	text, behind := r.body, []byte(nil)
	if header := r.header.Get(jsonLength); header != "" {
		n, err := strconv.Atoi(header)
		if err != nil || n > len(r.body) {
			t.Fatalf("%s: %q", jsonLength, header)
		}
		text, behind = r.body[:n], r.body[n:]
	}
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("status %d, %v: %s", r.status, err, text)
	}
	for i := range a.Outputs {
		o := &a.Outputs[i]
		if o.Parameters == nil {
			continue
		}
		raw := behind[:o.Parameters["binary_data_size"]]
		behind = behind[len(raw):]
		var all []any
		for len(raw) > 0 {
			first := binary.LittleEndian.Uint32(raw)
			if raw = raw[4:]; o.Datatype == "BYTES" {
				all = append(all, string(raw[:first]))
				raw = raw[first:]
			} else {
				all = append(all, float64(math.Float32frombits(first)))
			}
		}
		o.Data, o.Parameters = all, nil
	}
	if len(behind) > 0 {
		t.Errorf("%d bytes behind the last tensor", len(behind))
	}
	return a
}

// TestInfer compares what is answered with what the model says, as JSON and as bytes, each in both directions.
func TestInfer(t *testing.T) {
	s := newTestService(t, usual)
	url := listen(t, s).url
	set, err := data.Synthetic(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	predictions, err := s.model.PredictDataset(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := s.model.EmbedDataset(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	var logits, probabilities, embedding, best []any
	for i, p := range predictions {
		for class := range p.Logits {
			logits, probabilities = append(logits, float64(p.Logits[class])), append(probabilities, float64(float32(p.Probabilities[class])))
		}
		for _, v := range vectors[i] {
			embedding = append(embedding, float64(v))
		}
		for _, score := range p.Top(2) {
			best = append(best, fmt.Sprintf("%.6f:%d:%s", float32(score.Probability), score.Class, score.Label))
		}
	}
	all := map[string][]any{"logits": logits, "probabilities": probabilities, "embedding": embedding}

	flat := strings.Join(strings.Fields(fmt.Sprint(set.Pixels())), ",")
	var nested []string
	for i := range set.Len() {
		nested = append(nested, strings.Join(strings.Fields(fmt.Sprint(set.Pixels()[i*32*32*3:(i+1)*32*32*3])), ", "))
	}
	const in = `{"id":"7","inputs":[{"name":"images","shape":[3,32,32,3],"datatype":"UINT8",`
	asJSON, asBytes := in+`"data":`+flat+`}]`, in+`"parameters":{"binary_data_size":9216}}]`
	for _, test := range []struct {
		name, text string
		pixels     []uint8
		outputs    []string
	}{
		{"JSON, for all", asJSON + `}`, nil, []string{"logits", "probabilities", "embedding"}},
		{"nested JSON", in + `"data": [` + strings.Join(nested, ",\n") + `]}]}`, nil, []string{"logits", "probabilities", "embedding"}},
		{"JSON, for one", asJSON + `,"outputs":[{"name":"embedding"}]}`, nil, []string{"embedding"}},
		{"JSON, for bytes", asJSON + `,"outputs":[{"name":"probabilities","parameters":{"binary_data":true}}]}`, nil, []string{"probabilities"}},
		{"bytes, for JSON", asBytes + `}`, set.Pixels(), []string{"logits", "probabilities", "embedding"}},
		{"bytes, for bytes", asBytes + `,"parameters":{"binary_data_output":true}}`, set.Pixels(), []string{"logits", "probabilities", "embedding"}},
		{"bytes, for both", asBytes + `,"parameters":{"binary_data_output":true},"outputs":[{"name":"embedding"},{"name":"logits","parameters":{"binary_data":false}}]}`,
			set.Pixels(), []string{"embedding", "logits"}},
	} {
		for _, path := range []string{"/v2/models/test/infer", "/v2/models/test/versions/1/infer"} {
			t.Run(test.name, func(t *testing.T) {
				got := infer(t, url, path, test.text, test.pixels).inferred(t)
				if got.Model != "test" || got.Version != "1" || got.ID != "7" || len(got.Outputs) != len(test.outputs) {
					t.Fatalf("%+v", got)
				}
				for i, name := range test.outputs {
					want, o := all[name], got.Outputs[i]
					if diff := cmp.Diff([]int{3, len(want) / 3}, o.Shape); o.Name != name || o.Datatype != "FP32" || diff != "" {
						t.Errorf("output %d is %s of %s, shape (-want +got):\n%s", i, o.Name, o.Datatype, diff)
					}
					if diff := cmp.Diff(any(want), o.Data, cmpopts.EquateApprox(1e-4, 1e-5)); diff != "" {
						t.Errorf("%s (-model +got):\n%s", name, diff)
					}
				}
			})
		}
	}
	for _, form := range []string{"false", "true"} {
		t.Run("the best, as bytes "+form, func(t *testing.T) {
			got := infer(t, url, "/v2/models/test/infer", asBytes+`,"outputs":[{"name":"probabilities","parameters":{"classification":2,"binary_data":`+form+`}}]}`, set.Pixels()).inferred(t)
			o := got.Outputs[0]
			if diff := cmp.Diff([]int{3, 2}, o.Shape); o.Datatype != "BYTES" || diff != "" {
				t.Errorf("output of %s, shape (-want +got):\n%s", o.Datatype, diff)
			}
			if diff := cmp.Diff(any(best), o.Data); diff != "" {
				t.Errorf("classes (-model +got):\n%s", diff)
			}
		})
	}
}

// TestInferOfPadded has tensors taken by a model of padded pictures, who sends them having padded them.
func TestInferOfPadded(t *testing.T) {
	s := newService(modelOf(t, data.ResizeByPadding), "test", usual, slog.New(slog.DiscardHandler))
	const text = `{"inputs":[{"name":"images","shape":[1,32,32,3],"datatype":"UINT8","parameters":{"binary_data_size":3072}}]}`
	got := infer(t, listen(t, s).url, "/v2/models/test/infer", text, make([]uint8, 3072)).inferred(t)
	if want := []string{"logits", "probabilities", "embedding"}; len(got.Outputs) != len(want) {
		t.Errorf("%d outputs, want %q", len(got.Outputs), want)
	}
}

// TestInferRefused has the right status and a message for everything that a client can get wrong.
func TestInferRefused(t *testing.T) {
	l := usual
	l.bytes = 20_000
	url := listen(t, newTestService(t, l)).url
	pixels := make([]uint8, 32*32*3)
	numbers := "[" + strings.Repeat("0,", len(pixels)-1) + "0]"
	input := func(fields string) string { return `{"inputs":[{"name":"images",` + fields + `}]}` }
	const shape = `"shape":[1,32,32,3],"datatype":"UINT8"`
	outputs := func(text string) string {
		return `{"inputs":[{"name":"images",` + shape + `,"data":` + numbers + `}],"outputs":` + text + `}`
	}
	const sized = shape + `,"parameters":{"binary_data_size":3072}`
	for _, test := range []struct {
		name, text string
		pixels     []uint8
		status     int
		want       string // in the message
	}{
		{"nothing", "", nil, 400, "need JSON, of 0 bytes"},
		{"no JSON", "GIF89a", nil, 400, "need JSON"},
		{"JSON cut off", input(shape + `,"data":` + numbers)[:3000], nil, 400, "need JSON"},
		{"another type", `{"inputs":7}`, nil, 400, "inputs: need JSON of another type"},
		{"no input", `{}`, nil, 400, `need one input, "images"`},
		{"two inputs", `{"inputs":[{"name":"images"},{"name":"images"}]}`, nil, 400, "need one input"},
		{"another input", `{"inputs":[{"name":"input"}]}`, nil, 400, "need one input"},
		{"pixels that were scaled", input(`"shape":[1,32,32,3],"datatype":"FP32","data":[0.5]`), nil, 400, "need the datatype UINT8"},
		{"channels first", input(`"shape":[1,3,32,32],"datatype":"UINT8","data":` + numbers), nil, 400, "need the shape [n, 32, 32, 3], with n from 1 to 128"},
		{"three dimensions", input(`"shape":[32,32,3],"datatype":"UINT8","data":` + numbers), nil, 400, "need the shape"},
		{"five dimensions", input(`"shape":[1,32,32,3,1],"datatype":"UINT8","data":` + numbers), nil, 400, "need the shape"},
		{"no image", input(`"shape":[0,32,32,3],"datatype":"UINT8","data":[]`), nil, 400, "need the shape"},
		{"too many images", input(`"shape":[129,32,32,3],"datatype":"UINT8","data":` + numbers), nil, 400, "need the shape"},
		{"a dimension that is no number", input(`"shape":[1,32,32,"3"],"datatype":"UINT8"`), nil, 400, ": need JSON of another type"}, // Go 1.27 names the place more closely,
		{"a number with a million digits", input(`"shape":[` + strings.Repeat("9", 10_000) + `]`), nil, 400, "another number"},
		{"too few numbers", input(shape + `,"data":[1,2,3]`), nil, 400, "images: 3 numbers, need 3072"},
		{"a number above", input(shape + `,"data":[256]`), nil, 400, "need whole numbers from 0 to 255"},
		{"a number far above", input(shape + `,"data":[1` + strings.Repeat("0", 1000) + `]`), nil, 400, "need whole numbers"},
		{"a negative number", input(shape + `,"data":[-1]`), nil, 400, "need whole numbers"},
		{"a fraction", input(shape + `,"data":[1.0]`), nil, 400, "need whole numbers"},
		{"words", input(shape + `,"data":["1"]`), nil, 400, "need whole numbers"},
		{"no data", input(shape), nil, 400, "need either data, or binary_data_size"},
		{"data of both kinds", input(sized + `,"data":` + numbers), pixels, 400, "need either data, or"},
		{"bytes that nobody mentions", input(shape + `,"data":` + numbers), pixels, 400, "need either data, or"},
		{"fewer bytes than said", input(sized), pixels[1:], 400, "binary_data_size is not what is behind the JSON, 3071 bytes"},
		{"more bytes than said", input(sized), append(pixels[:len(pixels):len(pixels)], 0), 400, "3073 bytes"},
		{"fewer bytes than the shape", input(shape + `,"parameters":{"binary_data_size":3}`), pixels[:3], 400, "images: 3 numbers, need 3072"},
		{"a null before an output", outputs(`[null,{"name":"logits"}]`), nil, 400, "outputs: one is null"},
		{"an output that is not there", outputs(`[{"name":"label"}]`), nil, 400, "need outputs of logits, probabilities, embedding, each once"},
		{"an output twice", outputs(`[{"name":"logits"},{"name":"logits"}]`), nil, 400, "each once"},
		{"more outputs than there are", outputs(`[{"name":"logits"},{"name":"probabilities"},{"name":"embedding"},{"name":"logits"}]`), nil, 400, "each once"},
		{"classes of an embedding", outputs(`[{"name":"embedding","parameters":{"classification":1}}]`), nil, 400, "classification: need"},
		{"fewer classes than none", outputs(`[{"name":"logits","parameters":{"classification":-1}}]`), nil, 400, "classification: need"},
		{"a long name of the request", `{"id":"` + strings.Repeat("x", 257) + `"}`, nil, 400, "id: need no more than 256 bytes"},
		{"too many bytes", strings.Repeat(" ", 20_001), nil, 413, "need a body of no more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := infer(t, url, "/v2/models/test/infer", test.text, test.pixels)
			if problem := r.problem(t); r.status != test.status || !strings.Contains(problem, test.want) || len(problem) > 300 {
				t.Errorf("status %d, %q, want %d and %q", r.status, problem, test.status, test.want)
			}
		})
	}
	for name, headers := range map[string][2]string{
		"a header with no number":     {jsonLength, "x"},
		"a header above the body":     {jsonLength, "1000"},
		"a header below 0":            {jsonLength, "-1"},
		"a header that cuts the JSON": {jsonLength, "1"},
		"a compressed body":           {"Content-Encoding", "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequest("POST", url+"/v2/models/test/infer", strings.NewReader(`{"inputs":[]}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(headers[0], headers[1])
			want := map[string]int{jsonLength: http.StatusBadRequest, "Content-Encoding": http.StatusUnsupportedMediaType}[headers[0]]
			if r, err := do(request); err != nil || r.status != want || r.problem(t) == "" {
				t.Errorf("status %d, error %v: %s; want %d", r.status, err, r.body, want)
			}
		})
	}
	if r := infer(t, url, "/v2/models/other/infer", input(shape+`,"data":`+numbers), nil); r.status != http.StatusNotFound {
		t.Errorf("another model: status %d: %s", r.status, r.body)
	}
	if r := fetch(t, "GET", url+"/v2/models/test/infer", "", nil); r.status != http.StatusMethodNotAllowed || r.problem(t) == "" {
		t.Errorf("another method: status %d: %s", r.status, r.body)
	}
}

// TestInferWithinLimits has tensors wait for the same turns as pictures, in vain.
func TestInferWithinLimits(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*limits)
	}{
		{"memory for bodies", func(l *limits) { l.starts = growth * portion }},
		{"pixels", func(l *limits) { l.small, l.pixels = 0, 2*32*32 }},
		{"the model", func(*limits) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := usual
			l.wait, l.compute = 300*time.Millisecond, 300*time.Millisecond
			test.change(&l)
			s, entered, release := blocked(t, l)
			defer release()
			url := listen(t, s).url
			const text = `{"inputs":[{"name":"images","shape":[2,32,32,3],"datatype":"UINT8","parameters":{"binary_data_size":6144}}]}`
			first := make(chan response)
			go func() {
				r, _ := sendInference(url+"/v2/models/test/infer", text, make([]uint8, 6144))
				first <- r
			}()
			<-entered
			if r := infer(t, url, "/v2/models/test/infer", text, make([]uint8, 6144)); r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
				t.Errorf("status %d: %s", r.status, r.body)
			}
			if r := <-first; r.status != http.StatusServiceUnavailable {
				t.Errorf("the first one, that the model never answered: status %d: %s", r.status, r.body)
			}
		})
	}
}

// Requests take no more memory than their bodies have bytes, whatever they are made of.
func TestInferTakesLittleMemory(t *testing.T) {
	const size = 5_000_000
	fill := func(head, part, tail string) []byte {
		return slices.Concat([]byte(head), bytes.Repeat([]byte(part), (size-len(head)-len(tail))/len(part)), []byte(tail))
	}
	for name, body := range map[string][]byte{
		"inputs":     fill(`{"inputs":[{}`, `,{}`, `]}`),
		"outputs":    fill(`{"outputs":[{}`, `,{}`, `]}`),
		"dimensions": fill(`{"inputs":[{"shape":[1`, `,1`, `]}]}`),
		"numbers":    fill(`{"inputs":[{"data":[1`, `,1`, `]}]}`),
		"commas":     fill(`{"inputs":[{"data":"`, `,`, `"}]}`),
		"brackets":   fill(`{"inputs":[{"data":[[]`, `,[]`, `]}]}`),
		"parameters": fill(`{"parameters":{"a":1`, `,"a":[{}]`, `}}`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := readInference("", body)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > size+100_000 {
				t.Errorf("%d bytes of memory for %d of JSON, error %v", took, len(body), err)
			}
		})
	}
}
