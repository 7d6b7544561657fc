package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// serve hands out the page's files in a folder until ctx ends.
func serve(ctx context.Context, listener net.Listener, folder string, stdout io.Writer) error {
	fmt.Fprintf(stdout, "browser: http://%s\n", listener.Addr())
	server := &http.Server{Handler: files(folder), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// files are those of the page in a folder, whatever else is there. The policy holds for the worker too, which the one in the page does
// not reach.
func files(folder string) http.Handler {
	in, names := http.FileServer(http.Dir(folder)), fileNames()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache") // it may be built anew
		if name := strings.TrimPrefix(r.URL.Path, "/"); name != "" && !slices.Contains(names, name) {
			http.NotFound(w, r)
			return
		}
		in.ServeHTTP(w, r)
	})
}
