package main

import (
	"context"
	"net/http"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// infer answers POST /v2/models/{model}/infer.
func (s *service) infer(w http.ResponseWriter, r *http.Request) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return errEncoding
	}
	body := s.meter(w, r)
	defer body.done()
	sent, err := wholeBody(w, r, s.limits.bytes)
	if err != nil {
		return err
	}
	body.arrived()

	request, err := readInference(r.Header.Get(jsonLength), sent)
	if err != nil {
		return err
	}
	images, err := request.images(s.shape)
	if err != nil {
		return err
	}
	wanted, err := request.wanted(s.outputs)
	if err != nil {
		return err
	}
	release, err := s.pixelTurn(r, int64(images.Len()*s.shape.Width*s.shape.Height))
	if err != nil {
		return err
	}
	defer release()
	seen, err := s.see(r, images, wanted)
	if err != nil {
		return err
	}
	s.metrics.images.Add(float64(images.Len()))
	return writeInference(w, s.name, request.ID, seen, wanted)
}

// sight is what the model makes of images.
type sight struct {
	predictions []fastresnet.Prediction
	embeddings  [][]float32
}

// see has the model look at images, once for the predictions and once for the embeddings, if they are wanted.
func (s *service) see(r *http.Request, images *data.Dataset, wanted []wantedOutput) (seen sight, err error) {
	predict, embed := false, false
	for _, o := range wanted {
		embed = embed || o.Name == signature.Embedding
		predict = predict || o.Name != signature.Embedding
	}
	// Whoever sends tensors has made them as the model was trained to see pictures.
	if images, err = images.WithResizing(s.model.Resizing()); err != nil {
		return seen, err
	}
	if predict {
		err = s.compute(r, images.Len(), func(ctx context.Context) (err error) {
			seen.predictions, err = s.predictor.PredictDataset(ctx, images)
			return err
		})
	}
	if embed && err == nil {
		err = s.compute(r, images.Len(), func(ctx context.Context) (err error) {
			seen.embeddings, err = s.predictor.EmbedDataset(ctx, images)
			return err
		})
	}
	return seen, err
}
