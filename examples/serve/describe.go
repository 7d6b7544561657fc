package main

import (
	"net/http"

	"github.com/fastresnet/fastresnet/data/picture"
)

// description is the answer to GET /model.
type description struct {
	Recipe  string   `json:"recipe"`
	Classes []string `json:"classes"`
	// Width and height are those that pictures are scaled to.
	Width        int      `json:"width"`
	Height       int      `json:"height"`
	Resizing     string   `json:"resizing"`  // of pictures of other proportions: crop, stretch or pad
	Threshold    float64  `json:"threshold"` // below which an answer is unknown; 0 for none
	Parameters   int      `json:"parameters"`
	TestAccuracy *float64 `json:"test_accuracy"` // null if it was not tested
	TestImages   int      `json:"test_images"`
	// Of a picture that may be posted.
	MaxBytes  int64 `json:"max_bytes"`
	MaxPixels int64 `json:"max_pixels"`
}

// describe answers GET /model.
func (s *service) describe(w http.ResponseWriter, _ *http.Request) error {
	result, network := s.model.Record(), s.model.Network()
	d := description{
		Recipe: result.Recipe.Name, Classes: s.model.Classes(), Width: network.Input.Width, Height: network.Input.Height,
		Resizing: s.model.Resizing().String(), Threshold: s.model.Threshold(), Parameters: network.Parameters(), TestImages: result.TestImages,
		MaxBytes: s.limits.bytes, MaxPixels: picture.MaxPixels,
	}
	for _, e := range result.Epochs {
		if e.Tested {
			accuracy := result.TestAccuracy()
			d.TestAccuracy = &accuracy
		}
	}
	return writeJSON(w, http.StatusOK, d)
}
