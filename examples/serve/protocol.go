package main

import (
	"net/http"
	"runtime/debug"

	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// What the open inference protocol, https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol,
// says of the service and its model. infer.go has the rest of the protocol.

// version is the model's: there is one.
const version = "1"

// serverMetadata is the answer to GET /v2.
type serverMetadata struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
}

// modelMetadata is the answer to GET /v2/models/{model}.
type modelMetadata struct {
	Name     string           `json:"name"`
	Versions []string         `json:"versions"`
	Platform string           `json:"platform"`
	Inputs   []tensorMetadata `json:"inputs"`
	Outputs  []tensorMetadata `json:"outputs"`
}

// tensorMetadata is of an input or output.
type tensorMetadata struct {
	Name  string `json:"name"`
	Type  string `json:"datatype"`
	Shape []int  `json:"shape"` // -1 is any number of images
}

// server answers GET /v2.
func server(w http.ResponseWriter, _ *http.Request) error {
	m := serverMetadata{Name: "fastresnet serve", Extensions: []string{"binary_tensor_data", "classification"}}
	if build, ok := debug.ReadBuildInfo(); ok {
		m.Version = build.Main.Version
	}
	return writeJSON(w, http.StatusOK, m)
}

// named answers requests about the model, and no other or other version of it.
func (s *service) named(answer func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if v := r.PathValue("version"); r.PathValue("model") != s.name || v != "" && v != version {
			return errModel
		}
		return answer(w, r)
	}
}

// metadata answers GET /v2/models/{model}.
func (s *service) metadata(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, modelMetadata{
		Name: s.name, Versions: []string{version}, Platform: "fastresnet",
		Inputs: described(signature.Input(s.model)), Outputs: described(s.outputs...),
	})
}

func described(tensors ...signature.Tensor) (all []tensorMetadata) {
	for _, t := range tensors {
		all = append(all, tensorMetadata{t.Name, t.Type, append([]int{-1}, t.Dims...)})
	}
	return all
}
