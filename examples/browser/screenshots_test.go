package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// TestScreenshots shows the page as people see it: while it loads, with answers and with errors, wide and narrow, in light
// and dark.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("FASTRESNET_TEST_SCREENSHOTS")
	if folder == "" {
		t.Skip("FASTRESNET_TEST_SCREENSHOTS names no folder for them")
	}
	browser := browserFor(t)
	png := testpicture.Encode(t, "png", ship(320, 240))
	files := write(t, namedContent{"a ship at sea, drawn by hand on a summer's day in 2026.png", png}, namedContent{"turned.jpg", turned(t)},
		namedContent{"broken.png", png[:len(png)/2]}, namedContent{"notes.txt", []byte("text")})
	for _, colours := range []string{"light", "dark"} {
		for name, size := range map[string][2]int{"wide": {1280, 900}, "narrow": {390, 844}} {
			arrive := make(chan struct{})
			p := browser.open(site(t, func(w http.ResponseWriter, r *http.Request, usual http.Handler) {
				if strings.HasSuffix(r.URL.Path, ".wasm") {
					slow := &halfway{ResponseWriter: w, arrive: arrive}
					usual.ServeHTTP(slow, r)
					return
				}
				usual.ServeHTTP(w, r)
			}), colours, size[0], size[1])
			shoot := func(state string) {
				t.Helper()
				check(t, os.MkdirAll(folder, 0o755))
				check(t, os.WriteFile(filepath.Join(folder, colours+"-"+name+"-"+state+".png"), p.Screenshot(), 0o644))
			}
			p.Wait(`document.getElementById("progress")?.value > 3e6`)
			shoot("loading")
			p.choose(files[:2]...)
			p.Wait(`document.querySelectorAll(".card[aria-busy]").length === 2`)
			shoot("waiting")
			close(arrive)
			p.answered(2)
			shoot("answers")
			p.choose(files[2:]...)
			p.answered(4)
			shoot("errors")
			p.Close()
		}
	}
}

// halfway stops after some of the bytes for a while.
type halfway struct {
	http.ResponseWriter
	arrive  chan struct{}
	written int
}

func (w *halfway) Write(p []byte) (int, error) {
	if w.written > 4_000_000 {
		<-w.arrive
	}
	n, err := w.ResponseWriter.Write(p)
	w.written += n
	return n, err
}
