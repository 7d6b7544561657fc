package program

import (
	"flag"
	"fmt"
	"io"
	"sync"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/terminal"
	"github.com/fastresnet/fastresnet/progress"
)

// BarWriter is where a program shows its progress: stderr if that is a terminal, so that the output can be sent elsewhere,
// else stdout if that is one, else stderr.
func BarWriter(stdout, stderr io.Writer) io.Writer {
	if columns, _ := terminal.Size(stderr); columns > 0 {
		return stderr
	}
	if columns, _ := terminal.Size(stdout); columns > 0 {
		return stdout
	}
	return stderr
}

// Logs are what the flags -csv and -tensorboard name to write the epochs to.
type Logs struct{ csv, tensorboard string }

// Flags adds the flags.
func (l *Logs) Flags(f *flag.FlagSet) {
	f.StringVar(&l.csv, "csv", "", "`file` for a table of the epochs, for spreadsheets")
	f.StringVar(&l.tensorboard, "tensorboard", "", "`folder` for TensorBoard, which shows the run while it goes on")
}

// Observe makes what the flags name, and the option that writes to it; close when the runs have ended.
func (l *Logs) Observe() (option fastresnet.Option, closeFiles func() error, err error) {
	var observers []fastresnet.Observer
	closeFiles = func() error { return nil }
	if l.tensorboard != "" {
		board, err := progress.TensorBoard(l.tensorboard)
		if err != nil {
			return nil, nil, fmt.Errorf("-tensorboard: %w", err)
		}
		observers = append(observers, board)
	}
	if l.csv != "" {
		file, err := results.Open("csv", l.csv)
		if err != nil {
			return nil, nil, err
		}
		t := &table{file: file}
		observers = append(observers, progress.CSV(t))
		closeFiles = sync.OnceValue(t.close)
	}
	return fastresnet.WithProgress(observers...), closeFiles, nil
}

// table is a file that is made with its first row: what an earlier run has left there stays until there is one.
type table struct {
	file *results.File
	made io.WriteCloser // nil before that
}

func (t *table) Write(rows []byte) (n int, err error) {
	if t.made == nil {
		if t.made, err = t.file.Create(); err != nil {
			return 0, err
		}
	}
	return t.made.Write(rows)
}

func (t *table) close() error {
	if t.made == nil {
		return nil
	}
	return t.made.Close()
}
