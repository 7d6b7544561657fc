package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/report"
)

// WatchUsage describes the flag -watch.
const WatchUsage = "`address` to show the run on while it goes on, as a page: host:port, or :port for this machine\nalone; it has no password"

// What keeps viewers, ill-meant ones too, from taking more than there is.
const (
	connections  = 64
	headerBytes  = 16 << 10
	headerTime   = 5 * time.Second
	writeTime    = 30 * time.Second // of a page; each event of a stream has a time of its own
	idleTime     = time.Minute
	farewellTime = 2 * time.Second // for the last events, once the program ends
)

// Watch is the page of runs while they go on. A nil one is watched by nobody.
type Watch struct {
	live   report.Live
	server *http.Server
}

// full is an address with a host: this machine's own if there is none.
func full(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return "", fmt.Errorf("-watch %s: need a port, as in :8080, or a host and a port", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// OpenWatch listens on the address that the flag names, and says where; nil for "". Its errors name the flag.
func OpenWatch(address string, say io.Writer) (*Watch, error) {
	if address == "" {
		return nil, nil
	}
	address, err := full(address)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-watch: %w", err)
	}
	w := &Watch{}
	mux := http.NewServeMux()
	mux.Handle("/{$}", &w.live)
	w.server = &http.Server{
		Handler:           named(listener.Addr(), mux),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       headerTime, // there is no body
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          log.New(io.Discard, "", 0), // a program that trains has other things to say
	}
	go func() { _ = w.server.Serve(limit(listener, connections)) }() // until Close
	fmt.Fprintf(say, "watch it on http://%s\n", listener.Addr())
	return w, nil
}

// Options have the page hear of a run.
func (w *Watch) Options() []fastresnet.Option {
	if w == nil {
		return nil
	}
	return []fastresnet.Option{fastresnet.WithProgress(w.live.Observer())}
}

// Close shows the viewers the runs as they have become, if there are any, and ends.
func (w *Watch) Close(runs ...report.Run) {
	if w == nil {
		return
	}
	w.live.Finish(runs...)
	ctx, cancel := context.WithTimeout(context.Background(), farewellTime)
	defer cancel()
	if err := w.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		w.server.Close()
	}
}

// named answers requests to an address of this machine's own only if they name it so: a page of another site could otherwise have
// its name lead here, and read what is there.
func named(address net.Addr, next http.Handler) http.Handler {
	if at, err := netip.ParseAddrPort(address.String()); err != nil || !at.Addr().IsLoopback() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]") // port 80
		}
		if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
			http.Error(w, "need a name of this machine, such as localhost", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
