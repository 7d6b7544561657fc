package engine

import (
	"fmt"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// program is a compiled graph from device buffers to device buffers.
type program struct {
	name  string
	graph *graph.Graph
}

// compile builds and compiles a graph whose parameters have the given shapes, in order.
func compile(d *Device, name string, inputs []shapes.Shape, build func(in []*graph.Node) []*graph.Node) (*program, error) {
	start := time.Now()
	defer func() { d.compiling.Add(int64(time.Since(start))) }()
	g := graph.NewGraph(d.backend, name)
	nodes := make([]*graph.Node, len(inputs))
	for i, s := range inputs {
		nodes[i] = graph.Parameter(g, fmt.Sprintf("input%d", i), s)
	}
	if err := g.Compile(build(nodes)...); err != nil {
		return nil, fmt.Errorf("compiling %s: %w", name, explain(err))
	}
	return &program{name: name, graph: g}, nil
}

// run executes the program on inputs, of which the first donated ones are given up to it: they are not
// to be used again.
func (p *program) run(donated int, inputs ...compute.Buffer) ([]compute.Buffer, error) {
	donate := make([]bool, len(inputs))
	for i := range donated {
		donate[i] = true
	}
	outputs, err := p.graph.Executable().Execute(inputs, donate, 0)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", p.name, explain(err))
	}
	return outputs, nil
}

// close frees the executable, which must happen before its device is closed.
func (p *program) close() { p.graph.Finalize() }

// upload copies a flat slice to the device.
func upload(d *Device, flat any, shape shapes.Shape) (compute.Buffer, error) {
	b, err := d.backend.BufferFromFlatData(0, flat, shape)
	if err != nil {
		return nil, fmt.Errorf("uploading %s to %s: %w", shape, d.Name, explain(err))
	}
	return b, nil
}

// download copies a buffer of n values to the host.
func download[T any](b compute.Buffer, n int) ([]T, error) {
	flat := make([]T, n)
	if err := b.ToFlatData(flat); err != nil {
		return nil, fmt.Errorf("downloading: %w", explain(err))
	}
	return flat, nil
}

// release frees buffers that no program will be given again. An error would only say that one was
// already free.
func release(buffers ...compute.Buffer) {
	for _, b := range buffers {
		if b != nil {
			_ = b.Finalize()
		}
	}
}
