package main

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// service is a model and what answers requests with it.
type service struct {
	model   *fastresnet.Model
	name    string // of the model, in the open inference protocol
	shape   data.Shape
	outputs []signature.Tensor
	limits  limits
	log     *slog.Logger
	metrics *metrics
	leaving atomic.Bool // it is about to end

	starts, bodies *room // bytes of memory for the first portions of bodies, and for what is behind them
	small, pixels  *room // pixels of small pictures, and of others
	images         *room // images before the model
	// predictor is the model, which computes together what waits at the same time.
	predictor predictor
}

// predictor is what computes.
type predictor interface {
	Predict(context.Context, ...image.Image) ([]fastresnet.Prediction, error)
	PredictDataset(context.Context, *data.Dataset) ([]fastresnet.Prediction, error)
	EmbedDataset(context.Context, *data.Dataset) ([][]float32, error)
}

func newService(model *fastresnet.Model, name string, l limits, log *slog.Logger) *service {
	s := &service{
		model: model, name: name, shape: model.Network().Input, outputs: signature.Outputs(model), limits: l, log: log,
		starts: newRoom("body_start", l.starts), bodies: newRoom("body", l.bodies),
		small: newRoom("small_picture", l.small), pixels: newRoom("picture", l.pixels), images: newRoom("model", l.images),
		predictor: model,
	}
	s.metrics = newMetrics(s)
	return s
}

// handler answers all requests.
func (s *service) handler() http.Handler {
	page := newPage()
	read, post := []string{http.MethodGet, http.MethodHead}, []string{http.MethodPost}
	modelReady := map[string]any{"name": s.name, "ready": true}
	mux := http.NewServeMux()
	for _, route := range []struct {
		path    string
		methods []string // nil: all
		answer  func(w http.ResponseWriter, r *http.Request) error
	}{
		{"/{$}", read, page.answer},
		{"/model", read, s.describe},
		{"/classify", post, s.classify},
		{"/healthz", read, s.ready(map[string]string{"status": "ok"})},
		{"/metrics", read, s.metrics.answer},

		{"/v2", read, server},
		{"/v2/health/live", read, live},
		{"/v2/health/ready", read, s.ready(map[string]bool{"ready": true})},
		{"/v2/models/{model}", read, s.named(s.metadata)},
		{"/v2/models/{model}/ready", read, s.named(s.ready(modelReady))},
		{"/v2/models/{model}/infer", post, s.named(s.infer)},
		{"/v2/models/{model}/versions/{version}", read, s.named(s.metadata)},
		{"/v2/models/{model}/versions/{version}/ready", read, s.named(s.ready(modelReady))},
		{"/v2/models/{model}/versions/{version}/infer", post, s.named(s.infer)},

		{"/", nil, func(http.ResponseWriter, *http.Request) error { return errNotFound }},
	} {
		mux.HandleFunc(route.path, func(w http.ResponseWriter, r *http.Request) {
			if route.methods != nil && !slices.Contains(route.methods, r.Method) {
				allowed := strings.Join(route.methods, ", ")
				w.Header().Set("Allow", allowed)
				refuse(w, fmt.Errorf("%w: need %s", errMethod, allowed))
			} else if err := route.answer(w, r); err != nil {
				refuse(w, err)
			}
		})
	}

	// A page of another site may not use the visitor's browser to post here.
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, errCrossOrigin)
	}))
	return s.observed(secured(page.policy, sameOrigin.Handler(mux)))
}

// secured adds the headers that keep a browser from doing more than the page needs.
func secured(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
