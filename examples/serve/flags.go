package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/fastresnet/fastresnet/examples/internal/modelfile"
	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// settings are what the flags say.
type settings struct {
	model, name, addr, backend string
	threshold                  program.Threshold
	drain                      time.Duration
	log                        string // logText or logJSON
}

// Values of the flag -log.
const (
	logText = "text"
	logJSON = "json"
)

const usage = `Usage: serve [flags]

Classifies pictures over HTTP: a page to drop them on, and a service for programs.
Ctrl-C, or SIGTERM, stops it when the requests in hand are answered; a second Ctrl-C
stops it at once. Requests are logged on standard error.

Everybody who can reach the address can use it: there are no passwords, and no
encryption. Leave both to a proxy before it is reached from other machines.

`

// parse reads the flags. Its errors name every flag that is wrong; flag.ErrHelp means that the usage was
// asked for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	program.NameVar(f, &s.model, "model", modelfile.Usage)
	f.StringVar(&s.addr, "addr", "localhost:8080", "`host:port` to listen on; without a host all that the machine has,\nand port 0 is any that is free")
	f.StringVar(&s.backend, "backend", "auto", program.BackendUsage)
	program.NameVar(f, &s.name, "name", modelfile.NameUsage)
	s.threshold.Flag(f, "`probability` below which an answer is unknown, 0 for none (default the model's threshold)")
	f.DurationVar(&s.drain, "drain", 0, "`time` from being told to stop, when /v2/health/ready says no, until no new requests are\ntaken: behind a balancer, longer than it takes to notice, as in 5s")
	f.StringVar(&s.log, "log", logText, "`form` of the log on standard error: text or json")
	if err := program.Parse(f, usage, args, stdout); err != nil {
		return nil, err
	}
	return s, s.check()
}

// check reports every value that is wrong, and completes the name.
func (s *settings) check() error {
	var problems []error
	var err error
	if s.name, err = modelfile.Name(s.name, s.model); err != nil {
		problems = append(problems, err)
	}
	if s.drain < 0 {
		problems = append(problems, fmt.Errorf("-drain %v: need at least 0s", s.drain))
	}
	if s.log != logText && s.log != logJSON {
		problems = append(problems, fmt.Errorf("-log %s: need %s or %s", s.log, logText, logJSON))
	}
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		problems = append(problems, fmt.Errorf("-addr %s: need a host and a port, as in localhost:8080", s.addr))
	}
	return errors.Join(problems...)
}
