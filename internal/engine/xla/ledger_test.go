package xla

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// ledger is a backend that keeps account of its buffers: what is copied to and from it, which buffers are
// alive, and that none is used after it was given up.
type ledger struct {
	compute.Backend
	t                            *testing.T
	uploads, downloads, compiled int
	uploaded                     int // bytes
	alive                        map[*entry]bool
	fail                         func() error // asked before an upload, a compilation and an execution; nil for never
}

func (l *ledger) failure() error {
	if l.fail == nil {
		return nil
	}
	return l.fail()
}

// underLedger puts a device under a ledger.
func underLedger(t *testing.T, d *device) *ledger {
	l := &ledger{Backend: d.backend, t: t, alive: map[*entry]bool{}}
	d.backend = l
	return l
}

func (l *ledger) enter(b compute.Buffer) compute.Buffer {
	e := &entry{Buffer: b, ledger: l}
	l.alive[e] = true
	return e
}

func (l *ledger) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	l.uploads++
	l.uploaded += int(shape.ByteSize())
	if err := l.failure(); err != nil {
		return nil, err
	}
	b, err := l.Backend.BufferFromFlatData(device, flat, shape)
	if err != nil {
		return nil, err
	}
	return l.enter(b), nil
}

func (l *ledger) Builder(name string) compute.Builder {
	return accountedBuilder{l.Backend.Builder(name), l}
}

// entry is a buffer under a ledger.
type entry struct {
	compute.Buffer
	ledger *ledger
}

func (e *entry) ToFlatData(flat any) error {
	e.ledger.downloads++
	return e.Buffer.ToFlatData(flat)
}

func (e *entry) Finalize() error {
	if !e.ledger.alive[e] {
		e.ledger.t.Error("a buffer was freed twice")
	}
	delete(e.ledger.alive, e)
	return e.Buffer.Finalize()
}

type accountedBuilder struct {
	compute.Builder
	ledger *ledger
}

func (b accountedBuilder) Compile() (compute.Executable, error) {
	b.ledger.compiled++
	if err := b.ledger.failure(); err != nil {
		return nil, err
	}
	executable, err := b.Builder.Compile()
	if err != nil {
		return nil, err
	}
	return accountedExecutable{executable, b.ledger}, nil
}

type accountedExecutable struct {
	compute.Executable
	ledger *ledger
}

func (x accountedExecutable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	own := make([]compute.Buffer, len(inputs))
	for i, b := range inputs {
		e := b.(*entry)
		if !x.ledger.alive[e] {
			x.ledger.t.Errorf("input %d was used after it was given up", i)
		}
		own[i] = e.Buffer
	}
	if err := x.ledger.failure(); err != nil {
		return nil, err
	}
	outputs, err := x.Executable.Execute(own, donate, device)
	if err != nil {
		return nil, err
	}
	for i, b := range inputs {
		if donate[i] {
			delete(x.ledger.alive, b.(*entry))
		}
	}
	for i, b := range outputs {
		outputs[i] = x.ledger.enter(b)
	}
	return outputs, nil
}
