package main

import (
	"errors"
	"io"
	"mime"
	"net/http"
)

// formField is the file of a form that has the picture.
const formField = "image"

// upload reads the picture of a request: its body, or a file in the form that its body is.
func upload(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	// What else the header says of the type is not trusted: curl calls everything a form of another kind.
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return uploadedForm(w, r, limit)
	}
	return wholeBody(w, r, limit)
}

// wholeBody reads the body of a request.
func wholeBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := bound(w, r, limit); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	return body, arrival(err, limit)
}

// bound refuses a body that is said to be larger than a limit, and has another end there.
func bound(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return bodyTooLarge(limit)
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	return nil
}

// uploadedForm reads the file of a form, which is not stored.
func uploadedForm(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := bound(w, r, limit); err != nil {
		return nil, err
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, errForm
	}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return nil, errForm
		}
		if err != nil {
			return nil, formError(err, limit)
		}
		if part.FormName() == formField {
			content, err := io.ReadAll(part)
			if err == nil { // the rest of the form has to arrive in time too, and a client is seen to leave only then
				_, err = io.Copy(io.Discard, r.Body)
			}
			return content, formError(err, limit)
		}
	}
}

// formError tells a form that arrived badly from one that is no form.
func formError(err error, limit int64) error {
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge), errors.Is(err, errBusy), errors.Is(arrival(err, limit), errSlow):
		return arrival(err, limit)
	}
	return errForm
}
