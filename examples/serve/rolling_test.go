package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// balancer sends requests to copies in turn, of those that said they were ready when they were asked last. It sends none
// twice.
type balancer struct {
	copies []*copied
	next   atomic.Int64
}

// copied is a copy of the service, as a balancer sees it.
type copied struct {
	address string
	proxy   http.Handler
	ready   atomic.Bool
}

func newBalancer(ctx context.Context, addresses ...string) *balancer {
	b := &balancer{}
	for _, address := range addresses {
		c := &copied{address: address, proxy: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})}
		b.copies = append(b.copies, c)
		go c.ask(ctx)
	}
	return b
}

// ask asks a copy now and then whether it is ready.
func (c *copied) ask(ctx context.Context) {
	for ctx.Err() == nil {
		answer, err := http.Get("http://" + c.address + "/v2/health/ready")
		if err == nil {
			answer.Body.Close()
		}
		c.ready.Store(err == nil && answer.StatusCode == http.StatusOK)
		time.Sleep(10 * time.Millisecond)
	}
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := int(b.next.Add(1))
	for i := range b.copies {
		if c := b.copies[(first+i)%len(b.copies)]; c.ready.Load() {
			c.proxy.ServeHTTP(w, r)
			return
		}
	}
	http.Error(w, "no copy is ready", http.StatusBadGateway)
}

// TestRollingRestart stops and starts two copies in turn, behind a balancer and under load: each request is answered.
func TestRollingRestart(t *testing.T) {
	l := usual
	l.drain = time.Second // a hundred times what the balancer takes to notice, on a machine with nothing else to do
	start := func(address string) (running, string) {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		return listenOn(t, newTestService(t, l), listener), listener.Addr().String()
	}
	addresses, copies := make([]string, 2), make([]running, 2)
	for i := range copies {
		copies[i], addresses[i] = start("localhost:0")
	}
	b := newBalancer(t.Context(), addresses...)
	front := httptest.NewServer(b)
	defer front.Close()
	allReady := func() bool { return b.copies[0].ready.Load() && b.copies[1].ready.Load() }
	waitUntil(t, allReady)

	png := string(testpicture.Encode(t, "png", testpicture.Image(32, 32)))
	ctx, stop := context.WithCancel(t.Context())
	var answered atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for ctx.Err() == nil {
				r, err := send("POST", front.URL+"/classify", "image/png", strings.NewReader(png))
				if err != nil || r.status != http.StatusOK {
					t.Errorf("status %d, error %v: %s", r.status, err, r.body)
				}
				answered.Add(1)
			}
		})
	}
	for i := range copies {
		before := answered.Load()
		if err := copies[i].stop(); err != nil {
			t.Error(err)
		}
		if answered.Load() == before {
			t.Errorf("nothing was answered while copy %d stopped", i)
		}
		copies[i], _ = start(addresses[i])
		waitUntil(t, allReady)
	}
	stop()
	clients.Wait()
	t.Logf("%d requests were answered", answered.Load())
}
