package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
)

//go:embed page.html
var html []byte

// page is what people see.
type page struct {
	policy string // what it may do: run its own script and style, talk to this service, show the picture
}

// newPage allows the one script and the one style that are in the page, by their hashes, and no others.
func newPage() page {
	return page{policy: fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src blob: data:; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		hash("<script>", "</script>"), hash("<style>", "</style>"))}
}

// hash is the hash of what stands between two tags of the page, as a policy names it.
func hash(from, to string) string {
	_, text, _ := bytes.Cut(html, []byte(from))
	text, _, _ = bytes.Cut(text, []byte(to))
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (page) answer(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(html) // fails if the client is gone
	return nil
}
