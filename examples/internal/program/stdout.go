package program

import (
	"os"
	"sync"
)

// output is a file that programs print to. It keeps the first failure, which they need not look for each time.
type output struct {
	file   *os.File
	mutex  sync.Mutex
	failed error
}

func (o *output) Write(text []byte) (n int, err error) {
	if n, err = o.file.Write(text); err != nil {
		o.mutex.Lock()
		defer o.mutex.Unlock()
		if o.failed == nil {
			o.failed = err
		}
	}
	return n, err
}

// Fd is the file's, by which package terminal finds out whether it is a terminal.
func (o *output) Fd() uintptr { return o.file.Fd() }

// failure is the first one, nil for none.
func (o *output) failure() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.failed
}
