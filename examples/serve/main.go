// Serve classifies pictures over HTTP with a trained model: a page to drop pictures on, and a service for programs,
// which docs/serve.md describes. Run it with -h for its flags.
//
//	go run ./examples/serve                            # the bundled model
//	go run ./examples/serve -model cifar.safetensors
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

func main() { program.Main("serve", run) }

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if s != nil && s.log == logJSON { // all that is said is JSON then
		log = slog.New(slog.NewJSONHandler(stderr, nil))
		stderr = slog.NewLogLogger(log.Handler(), slog.LevelError).Writer()
		program.OnStop(ctx, func() { log.Info("stopping when the work in hand is done") })
	}
	if err == nil {
		err = serve(ctx, s, log, stdout)
	}
	return program.Status("serve", err, stderr)
}

// serve loads the model and answers requests until ctx ends.
func serve(ctx context.Context, s *settings, log *slog.Logger, stdout io.Writer) error {
	model, err := modelfile.Load(s.model, fastresnet.WithBackend(s.backend))
	if err != nil {
		return err
	}
	defer model.Close()
	if err := s.threshold.Set(model); err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(usual.memory)
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if s.log == logJSON {
		_, device := model.Device()
		log.Info("listening", "address", listener.Addr().String(), "device", device)
	}
	fmt.Fprintf(stdout, "serve: http://%s\n", listener.Addr())
	l := usual
	l.drain = s.drain
	return answer(ctx, listener, newService(model, s.name, l, log))
}

// answer serves requests until ctx ends. Then it says that it is not ready, goes on for as long as a balancer takes to
// notice, and finishes the requests in hand, within a time.
func answer(ctx context.Context, listener net.Listener, s *service) error {
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: s.limits.header,
		ReadTimeout:       s.limits.read,
		WriteTimeout:      s.limits.read + 5*s.limits.wait + 2*s.limits.compute,
		IdleTimeout:       s.limits.idle,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(newDoor(listener, s.limits.connections, s.limits.each)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.leaving.Store(true)
	select {
	case err := <-ended:
		return err
	case <-time.After(s.limits.drain):
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		server.Close()
		return errors.New("stopped with requests that were not answered")
	}
	return nil
}
