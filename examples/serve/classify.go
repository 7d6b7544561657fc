package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/results"
)

// usualTop is how many classes are answered if the request does not say.
const usualTop = 5

// classification is the answer to POST /classify.
type classification struct {
	Classes      []results.Class `json:"classes"`           // the most probable first
	Unknown      bool            `json:"unknown,omitempty"` // by the model's threshold
	Format       string          `json:"format"`
	Width        int             `json:"width"`
	Height       int             `json:"height"`
	Milliseconds float64         `json:"milliseconds"` // since the picture had arrived
}

// classify answers POST /classify.
func (s *service) classify(w http.ResponseWriter, r *http.Request) error {
	top := usualTop
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return errTop
	}
	if query.Has("top") {
		n, err := strconv.Atoi(query.Get("top"))
		if err != nil || n < 1 {
			return errTop
		}
		top = n
	}

	body := s.meter(w, r)
	defer body.done()
	encoded, err := upload(w, r, s.limits.bytes)
	if err != nil {
		return err
	}
	body.arrived()

	start := time.Now()
	header, err := picture.ReadHeader(encoded)
	if err != nil {
		return err
	}
	prediction, err := s.look(r, encoded, header)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, classification{
		Classes: results.Ranking(prediction, top), Unknown: prediction.Unknown,
		Format: header.Format, Width: header.Width, Height: header.Height, Milliseconds: milliseconds(time.Since(start)),
	})
}

// look decodes a picture, when there is room for its pixels, and has the model look at it.
func (s *service) look(r *http.Request, encoded []byte, header picture.Header) (p fastresnet.Prediction, err error) {
	release, err := s.pixelTurn(r, s.share(header, len(encoded)))
	if err != nil {
		return p, err
	}
	defer release()
	img, err := picture.Decode(r.Context(), encoded)
	if err != nil {
		return p, busy(err)
	}
	var predictions []fastresnet.Prediction
	err = s.compute(r, 1, func(ctx context.Context) (err error) {
		predictions, err = s.predictor.Predict(ctx, img)
		return err
	})
	if err != nil {
		return p, err
	}
	s.metrics.images.Inc()
	return predictions[0], nil
}

// share is how much of the room for pictures one takes while it is decoded, in pixels. A WebP picture may hold
// thousands of code tables, which take up to 400 times the bytes of its file, whatever its size.
func (s *service) share(header picture.Header, bytes int) int64 {
	const tables, perPixel = 400, 24 // bytes of memory: for a byte of the file, and for a pixel at most
	share := header.Pixels()
	if header.Format == "webp" {
		share += tables * int64(bytes) / perPixel
	}
	return min(share, s.limits.pixels)
}
