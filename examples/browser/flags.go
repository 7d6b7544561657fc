package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"

	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// settings are what the flags say.
type settings struct {
	out, addr string
	serve     bool
}

const usage = `Usage: browser [flags]

Builds a page that says what it takes pictures for, in the browser that shows it: the
bundled model as a WebAssembly program, with the page around it. The files go onto any
web server. It needs the go command, and takes a minute the first time.

`

// parse reads the flags. Its errors name every flag that is wrong; flag.ErrHelp means that the usage was
// asked for, and has been printed.
func parse(args []string, stdout io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("browser", flag.ContinueOnError)
	f.StringVar(&s.out, "out", "", "write the files into a `folder`, which is made if it is not there")
	f.BoolVar(&s.serve, "serve", false, "serve the files until Ctrl-C; without -out they are deleted then")
	f.StringVar(&s.addr, "addr", "localhost:8080", "`host:port` to serve them on; without a host all that the machine has,\nand port 0 is any that is free")
	if err := program.Parse(f, usage, args, stdout); err != nil {
		return nil, err
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return s, s.check(set)
}

// check reports every value that is wrong; set has the names of the flags that were given.
func (s *settings) check(set map[string]bool) error {
	var problems []error
	if s.out == "" && !s.serve {
		problems = append(problems, errors.New("nothing to do: need -serve to try the page, or -out and a folder for its files (-h lists the flags)"))
	}
	if s.out != "" && set["addr"] && !s.serve {
		problems = append(problems, fmt.Errorf("-addr %s: need -serve, to serve the page there", s.addr))
	}
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		problems = append(problems, fmt.Errorf("-addr %s: need a host and a port, as in localhost:8080", s.addr))
	}
	return errors.Join(problems...)
}
