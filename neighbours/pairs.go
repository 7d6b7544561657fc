package neighbours

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/fastresnet/fastresnet/internal/engine/cpu/kernels"
)

const (
	// panelColumns is how many vectors are compared with a row at a time: a few registers of products.
	panelColumns = 64
	// blockRows is about how many rows a worker takes at a time: so many that reading the panels takes less time than
	// multiplying, and few enough that a context that ends is seen soon.
	blockRows = 48
)

// pairs compares all vectors with all in float32, scaled to length 1.
type pairs struct {
	*Index
	kernels *kernels.Set
	// panels are the vectors, columns side by side: [panel][dims][panelColumns], 0 past the last.
	panels []float32
	// offsets are the places of a panel's dims.
	offsets []int
	// off is by how much a product of float32 can be.
	off float64
}

func newPairs(x *Index) *pairs {
	p := &pairs{Index: x, kernels: kernels.Available()[0], offsets: make([]int, x.dims)}
	for k := range p.offsets {
		p.offsets[k] = k * panelColumns
	}
	p.panels = make([]float32, p.count()*x.dims*panelColumns)
	for i := range x.Len() {
		panel := p.panel(i / panelColumns)
		for k, v := range x.at(i) {
			panel[k*panelColumns+i%panelColumns] = x.unit(i, v)
		}
	}
	// Each of dims additions and the roundings of both factors are off by 2⁻²⁴ of a sum that is 1 at most.
	p.off = float64(x.dims+8) * 0x1p-24
	return p
}

// unit is a number of vector i when that is scaled to length 1.
func (x *Index) unit(i int, v float32) float32 {
	if x.squares[i] == 0 {
		return 0
	}
	return float32(float64(v) / math.Sqrt(x.squares[i]))
}

// count is the number of panels.
func (p *pairs) count() int { return (p.Len() + panelColumns - 1) / panelColumns }

func (p *pairs) panel(i int) []float32 {
	size := p.dims * panelColumns
	return p.panels[i*size:][:size]
}

// block is a worker's own memory.
type block struct {
	first, rows int
	weights     []float32 // [tile][dims][WideTile], 0 past the last row
	products    []float32 // [tile][WideTile][panelColumns]
	near        []nearest // what visit makes of them, for the next block too
}

// similarities are those of a row, counted from the block's first, to the vectors of the panel at hand.
func (b *block) similarities(row int) []float32 { return b.products[row*panelColumns:][:panelColumns] }

// each calls visit for all blocks of rows, on all processors; what it says of a row must not depend on others. It
// returns ctx's error if that ends. ctx is asked on the caller's goroutine alone, where its panics belong.
func (p *pairs) each(ctx context.Context, visit func(b *block)) error {
	tile := p.kernels.WideTile
	rows := max(1, blockRows/tile) * tile
	done := ctx.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	var next atomic.Int64
	var stopped atomic.Bool
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (p.Len()+rows-1)/rows) {
		workers.Go(func() {
			b := &block{weights: make([]float32, rows*p.dims), products: make([]float32, rows*panelColumns)}
			for !stopped.Load() {
				b.first = (int(next.Add(1)) - 1) * rows
				if b.first >= p.Len() {
					return
				}
				b.rows = min(rows, p.Len()-b.first)
				p.pack(b)
				visit(b)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		workers.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-done:
		stopped.Store(true)
		<-finished
		return ctx.Err()
	}
}

// pack lays out the rows of a block as the kernels want weights.
func (p *pairs) pack(b *block) {
	tile := p.kernels.WideTile
	clear(b.weights)
	for row := range b.rows {
		weights := b.weights[row/tile*tile*p.dims+row%tile:]
		for k, v := range p.at(b.first + row) {
			weights[k*tile] = p.unit(b.first+row, v)
		}
	}
}

// multiply computes the similarities of a block's rows to a panel's vectors.
func (p *pairs) multiply(b *block, panel int) {
	tile, lanes := p.kernels.WideTile, p.kernels.Lanes
	for first := 0; first < b.rows; first += tile {
		p.kernels.Convolve(b.products[first*panelColumns:], panelColumns, lanes, p.panel(panel), lanes,
			p.offsets, b.weights[first*p.dims:], tile, panelColumns/lanes, false)
	}
}

func checkContext(ctx context.Context) error {
	if err := argument.Context(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrArgument, err)
	}
	return nil
}
