package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/picture"
)

// What can be wrong with a request, but for its picture.
var (
	errNotFound    = errors.New("there is nothing here: see /, /classify, /model, /v2, /healthz and /metrics")
	errModel       = errors.New("there is no such model, or version of it: need the name that -name says, and version 1")
	errInference   = errors.New("the inference request is wrong")
	errEncoding    = errors.New("compressed bodies are not read here")
	errMethod      = errors.New("the method is wrong")
	errCrossOrigin = errors.New("pages of other sites may not post here")
	errTop         = errors.New("top must be a whole number, at least 1, and the query well-formed")
	errForm        = errors.New(`the form cannot be read: need multipart/form-data with the picture as the file "image"`)
	errCutOff      = errors.New("the request ended before its body did")
	errSlow        = errors.New("the request took too long to arrive")
	errBusy        = errors.New("too many pictures at once: try again in a few seconds")
	errLeaving     = errors.New("stopping: send to another copy")
)

// statuses are how HTTP says what is wrong. What is not here is the service's own fault.
var statuses = []struct {
	problem error
	status  int
}{
	{errTop, http.StatusBadRequest},
	{errForm, http.StatusBadRequest},
	{errInference, http.StatusBadRequest},
	{errCutOff, http.StatusBadRequest},
	{picture.ErrEmpty, http.StatusBadRequest},
	{errCrossOrigin, http.StatusForbidden},
	{errNotFound, http.StatusNotFound},
	{errModel, http.StatusNotFound},
	{errMethod, http.StatusMethodNotAllowed},
	{errSlow, http.StatusRequestTimeout},
	{picture.ErrTooLarge, http.StatusRequestEntityTooLarge},
	{picture.ErrFormat, http.StatusUnsupportedMediaType},
	{errEncoding, http.StatusUnsupportedMediaType},
	{picture.ErrBroken, http.StatusUnprocessableEntity},
	{fastresnet.ErrImage, http.StatusUnprocessableEntity},
	{errBusy, http.StatusServiceUnavailable},
	{errLeaving, http.StatusServiceUnavailable},
}

// refuse answers a request that cannot be served.
func refuse(w http.ResponseWriter, err error) {
	if counted, ok := w.(*countingWriter); ok {
		counted.problem = err
	}
	status, message := http.StatusInternalServerError, "the picture could not be classified"
	for _, known := range statuses {
		if errors.Is(err, known.problem) {
			status, message = known.status, err.Error()
			break
		}
	}
	switch status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "2")
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // the rest of the body is not wanted
	}
	writeJSON(w, status, map[string]string{"error": message})
}

// arrival is the error of reading a body, in this program's words.
func arrival(err error, limit int64) error {
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errBusy):
		return errBusy
	case errors.As(err, &tooLarge):
		return bodyTooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return errCutOff
	}
	return fmt.Errorf("%w: %w", errCutOff, err)
}

func bodyTooLarge(limit int64) error {
	return fmt.Errorf("%w: need a body of no more than %d MB", picture.ErrTooLarge, limit/1_000_000)
}
