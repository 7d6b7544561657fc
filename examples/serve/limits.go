package main

import (
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
)

// limits are what keeps requests, ill-meant ones too, from taking more memory or time than there is.
type limits struct {
	bytes   int64 // of a request's body
	uploads int64 // requests whose bodies are in memory at a time
	pixels  int64 // of all pictures that are decoded at a time; no less than one may have

	header, read, idle time.Duration // for a request's header, for all of it, and between two of a connection
	wait               time.Duration // for a turn, twice: with the upload, and with the picture
	grace              time.Duration // for requests in hand when the program is stopped
}

// usual are the limits of the program. Bodies take 320 MB at most, and pictures 100 MB, or 600 MB if they are of the
// rare formats that take most memory.
var usual = limits{
	bytes: 10_000_000, uploads: 32, pixels: picture.MaxPixels,
	header: 5 * time.Second, read: 30 * time.Second, idle: time.Minute,
	wait: 5 * time.Second, grace: 10 * time.Second,
}
