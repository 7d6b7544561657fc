package main

import (
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
)

// limits are what keeps requests, ill-meant ones too, from taking more memory or time than there is.
type limits struct {
	bytes  int64 // of a request's body
	bodies int64 // bytes of all bodies in memory at a time, with room to grow; of one address no more than a quarter
	pixels int64 // of all pictures that are decoded at a time; no less than one may have
	memory int64 // bytes, that Go's garbage collector keeps to, unless GOMEMLIMIT says otherwise

	header, read, idle time.Duration // for a request's header, for all of it, and between two of a connection
	part               time.Duration // for the next 64 KiB of a body
	wait               time.Duration // for a turn, twice: with the upload, and with the picture
	grace              time.Duration // for requests in hand when the program is stopped
}

// usual are the limits of the program. Bodies take 160 MB at most, and pictures 100 MB, or 600 MB if they are of the
// rare formats that take most memory; the collector keeps these and what they leave behind to 1 GiB.
var usual = limits{
	bytes: 10_000_000, bodies: 160_000_000, pixels: picture.MaxPixels, memory: 1 << 30,
	header: 5 * time.Second, read: 30 * time.Second, idle: time.Minute, part: 5 * time.Second,
	wait: 5 * time.Second, grace: 10 * time.Second,
}
