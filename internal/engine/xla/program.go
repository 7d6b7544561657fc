package xla

import (
	"fmt"
	"reflect"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// program is a compiled graph from device buffers to device buffers. Where a device is several units
// ([Device.Use]) it runs on all of them, and each has a buffer of its own for every input and output ([spread]).
type program struct {
	name  string
	graph *graph.Graph
	units int
}

// input is what a program is compiled for, and what is uploaded to it.
type input struct {
	shapes.Shape
	// split gives each unit its own part of the first axis, in order; otherwise each has a copy of all.
	split bool
}

// whole is an input of which each unit has a copy.
func whole(dtype dtypes.DType, dims ...int) input { return input{Shape: shapes.Make(dtype, dims...)} }

// splitOver is an input of which each of the device's units has a part, or a copy where the first axis cannot be
// divided by them.
func splitOver(d *device, dtype dtypes.DType, dims ...int) input {
	in := whole(dtype, dims...)
	in.split = d.units > 1 && dims[0]%d.units == 0
	return in
}

// compile builds and compiles a graph whose parameters are the given inputs, in order. It is written as for one
// unit, whatever their number: XLA's partitioner (Shardy) has each unit compute what follows from its part of
// the inputs that are split, and adds up over the units where the graph reduces over all. Every unit gets all outputs.
func compile(d *device, name string, inputs []input, build func(in []*graph.Node) []*graph.Node) (*program, error) {
	start := time.Now()
	defer func() { d.compiling.Add(int64(time.Since(start))) }()
	g := graph.NewGraph(d.backend, name)
	var copied, parts *distributed.ShardingSpec // none for one unit
	if d.units > 1 {
		mesh, err := distributed.NewDeviceMesh([]int{d.units}, []string{"units"})
		if err != nil {
			return nil, err
		}
		if err := g.SetAutoSharding(mesh); err != nil {
			return nil, fmt.Errorf("compiling %s for %d devices: %w", name, d.units, err)
		}
		copied = distributed.NewReplicatedShardingSpec(mesh)
		parts = &distributed.ShardingSpec{Mesh: mesh, Axes: []distributed.AxisSpec{{"units"}}}
	}
	nodes := make([]*graph.Node, len(inputs))
	for i, in := range inputs {
		spec := copied
		if in.split {
			spec = parts
		}
		nodes[i] = graph.ShardedParameter(g, fmt.Sprintf("input%d", i), in.Shape, spec)
	}
	outputs := build(nodes)
	var specs []*distributed.ShardingSpec
	if copied != nil {
		for range outputs {
			specs = append(specs, copied)
		}
	}
	if err := g.CompileWithSharding(outputs, specs); err != nil {
		return nil, fmt.Errorf("compiling %s: %w", name, explain(err))
	}
	return &program{name: name, graph: g, units: d.units}, nil
}

// run executes the program on inputs, of which the first donated ones are given up to it: they are not
// to be used again.
func (p *program) run(donated int, inputs ...compute.Buffer) ([]compute.Buffer, error) {
	own, donate := make([]compute.Buffer, 0, p.units*len(inputs)), make([]bool, 0, p.units*len(inputs))
	for unit := range p.units {
		for i, b := range inputs {
			own, donate = append(own, on(unit, b)), append(donate, i < donated)
		}
	}
	outputs, err := p.graph.Executable().Execute(own, donate, 0)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", p.name, explain(err))
	}
	if p.units == 1 {
		return outputs, nil
	}
	n := len(outputs) / p.units
	all := make([]compute.Buffer, n)
	for i := range all {
		units := make([]compute.Buffer, p.units)
		for unit := range units {
			units[unit] = outputs[unit*n+i]
		}
		all[i] = spread{units[0], units}
	}
	return all, nil
}

// close frees the executable, if it was compiled, which must happen before its device is closed.
func (p *program) close() {
	if p != nil {
		p.graph.Finalize()
	}
}

// spread is a buffer on each of several units. Reading it reads the first.
type spread struct {
	compute.Buffer // the first unit's
	units          []compute.Buffer
}

// Finalize frees them all. An error would only say that one was already free.
func (s spread) Finalize() error {
	release(s.units...)
	return nil
}

// on is a unit's own buffer.
func on(unit int, b compute.Buffer) compute.Buffer {
	if s, ok := b.(spread); ok {
		return s.units[unit]
	}
	return b
}

// upload copies a flat slice to the device: to each unit, or each unit's part.
func upload(d *device, flat any, to input) (compute.Buffer, error) {
	units := make([]compute.Buffer, d.units)
	shape, part := to.Shape, flat
	if to.split {
		shape = shape.Clone()
		shape.Dimensions[0] /= d.units
	}
	for unit := range units {
		if to.split {
			n := shape.Size()
			part = reflect.ValueOf(flat).Slice(unit*n, (unit+1)*n).Interface()
		}
		var err error
		if units[unit], err = d.backend.BufferFromFlatData(compute.DeviceNum(unit), part, shape); err != nil {
			release(units...)
			return nil, fmt.Errorf("uploading %s to %s: %w", to.Shape, d.name, explain(err))
		}
	}
	if len(units) == 1 {
		return units[0], nil
	}
	return spread{units[0], units}, nil
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
