package layers

import (
	"fmt"
	"strings"

	"github.com/fastresnet/fastresnet/data"
)

// DOT is the network as a directed graph in Graphviz's language: a node a layer, with the shape of one image
// behind it; a residual block is its two paths and their sum. Draw it with "dot -Tsvg". The error wraps
// [ErrNetwork].
func (n Network) DOT() (string, error) {
	if _, err := n.Plan(); err != nil {
		return "", err
	}
	var d drawing
	fmt.Fprintf(&d.text, "digraph %q {\n", n.Name)
	d.text.WriteString("\tnode [shape=box, fontname=\"sans-serif\"];\n")
	first := d.node("input", n.Input)
	d.sequence(n.Layers, n.Input, first)
	d.text.WriteString("}\n")
	return d.text.String(), nil
}

// drawing writes nodes, numbered in order.
type drawing struct {
	text  strings.Builder
	nodes int
}

// node adds a node behind others and returns its number.
func (d *drawing) node(label string, out data.Shape, before ...int) int {
	n := d.nodes
	d.nodes++
	fmt.Fprintf(&d.text, "\tn%d [label=%q];\n", n, label+"\n"+out.String())
	for _, b := range before {
		fmt.Fprintf(&d.text, "\tn%d -> n%d;\n", b, n)
	}
	return n
}

// sequence draws layers, which plan has checked, behind a node, and returns the last node and its shape.
func (d *drawing) sequence(layers []Layer, in data.Shape, before int) (last int, out data.Shape) {
	for _, l := range layers {
		r, _ := l.resolve(in)
		if block, ok := l.(Residual); ok {
			branch, _ := d.sequence(block.Branch, in, before)
			shortcut, _ := d.sequence(block.Shortcut, in, before)
			before = d.node("sum", r.out, branch, shortcut)
		} else {
			before = d.node(l.String(), r.out, before)
		}
		in = r.out
	}
	return before, in
}
