//go:build js && wasm

// Wasm is the program that runs in the page of examples/browser, in a worker: it loads the bundled model, and
// gives JavaScript a function classify.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"syscall/js"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/pretrained"
)

// top is how many classes are answered.
const top = 5

func main() {
	model, err := pretrained.CIFAR10(fastresnet.WithBackend("go"))
	if err != nil {
		js.Global().Call("failed", err.Error())
		return
	}
	js.Global().Set("classify", js.FuncOf(func(_ js.Value, args []js.Value) any {
		encoded := make([]byte, args[0].Length())
		js.CopyBytesToGo(encoded, args[0])
		return classify(model, encoded).json()
	}))
	js.Global().Call("ready")
	select {} // classify is called until the worker ends
}

// answer is what classify returns, as JSON.
type answer struct {
	Error        string          `json:"error,omitempty"`
	Classes      []results.Class `json:"classes"`           // the most probable first
	Unknown      bool            `json:"unknown,omitempty"` // by the model's threshold
	Format       string          `json:"format"`
	Width        int             `json:"width"`
	Height       int             `json:"height"`
	Milliseconds float64         `json:"milliseconds"` // since the file was there
	Decoding     float64         `json:"decoding"`     // milliseconds of these
}

// classify decodes a file and has the model look at the picture.
func classify(model *fastresnet.Model, encoded []byte) answer {
	ctx, start := context.Background(), time.Now()
	header, err := picture.ReadHeader(encoded)
	if err != nil {
		return answer{Error: err.Error()}
	}
	img, err := picture.Decode(ctx, encoded)
	if err != nil {
		return answer{Error: err.Error()}
	}
	decoding := milliseconds(start)
	predictions, err := model.Predict(ctx, img)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{
		Classes: results.Ranking(predictions[0], top), Unknown: predictions[0].Unknown,
		Format: header.Format, Width: img.Bounds().Dx(), Height: img.Bounds().Dy(),
		Milliseconds: milliseconds(start), Decoding: decoding,
	}
}

// milliseconds since a time.
func milliseconds(start time.Time) float64 { return time.Since(start).Seconds() * 1e3 }

func (a answer) json() string {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Sprintf(`{"error":%q}`, err) // numbers and names always have a form in JSON
	}
	return string(text)
}
