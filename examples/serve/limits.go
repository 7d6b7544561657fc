package main

import (
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/signature"
)

// limits are what keeps requests, ill-meant ones too, from taking more memory or time than there is.
type limits struct {
	connections, each int // at a time, and of one client; each takes memory for a header

	bytes  int64 // of a request's body
	starts int64 // bytes of memory for the first 64 KiB of all bodies, with room to grow
	bodies int64 // bytes of memory for what is behind them; no less than one may take
	small  int64 // pixels of all small pictures that are decoded at a time, of which each has a tenth at most
	pixels int64 // pixels of all others; no less than one may have
	images int64 // that the model computes, or has waiting; no less than one request may have
	memory int64 // bytes, that Go's garbage collector keeps to, unless GOMEMLIMIT says otherwise

	header, read, idle time.Duration // for a request's header, for all of it, and between two of a connection
	part               time.Duration // for the next 64 KiB of a body
	wait               time.Duration // for each turn: with the upload, twice if it is large, with the picture, and with the model
	compute            time.Duration // for the model to answer, which infer asks twice, with what it has before
	drain              time.Duration // from being told to stop, for what sends requests to notice; the flag -drain sets it
	grace              time.Duration // for requests in hand when the program is stopped, then
}

// usual are the limits of the program. Bodies take 160 MB at most, and pictures 110 MB, or 660 MB if they are of the
// rare formats that take most memory; the collector keeps these and what they leave behind to 1 GiB.
var usual = limits{
	connections: 4000, each: 1000,
	bytes: 10_000_000, starts: 32_000_000, bodies: 128_000_000, small: 2_500_000, pixels: picture.MaxPixels,
	images: 2 * signature.MaxBatch, memory: 1 << 30,
	header: 5 * time.Second, read: 30 * time.Second, idle: time.Minute, part: 5 * time.Second,
	wait: 5 * time.Second, compute: 30 * time.Second, grace: 10 * time.Second,
}
