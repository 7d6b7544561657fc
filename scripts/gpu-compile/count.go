package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// kernel is an instruction that a GPU is given to do, and how often.
type kernel struct {
	name, kind string
	times      int
	// bytes are those of operands and results, each once: what memory must move at least. Of an operand that's only
	// sliced or gathered from they are those that are taken.
	bytes int64
	flops int64 // of matrix products and convolutions
	// result is the first array that it makes.
	result array
}

// counts are what a program makes a GPU do.
type counts struct {
	// scatters add to places that are found as they go.
	kernels, convolutions, scatters int
	reduced                         int // all-reduces between devices
	flops, bytes                    int64
	// reorderedBytes are those of kernels that bring arrays of a megabyte and more into another order, or copy them.
	reorderedBytes, reducedBytes int64
	seconds                      float64
}

// count adds up a program for a card: each kernel takes as long as its bytes or its products do, whichever is longer.
func (c card) count(m module) (counts, []kernel, error) {
	var total counts
	all, err := m.kernels(m.entry, 1)
	if err != nil {
		return counts{}, nil, err
	}
	for _, k := range all {
		total.kernels += k.times
		total.flops += k.flops
		total.bytes += k.bytes
		total.seconds += c.seconds(k)
		switch {
		case strings.HasPrefix(k.kind, "convolution"):
			total.convolutions += k.times
		case k.kind == "transpose":
			total.reorderedBytes += k.bytes
		case k.kind == "scatter":
			total.scatters += k.times
		case k.kind == "all-reduce":
			total.reduced += k.times
			total.reducedBytes += int64(k.times) * bytesOf(k.result)
		}
	}
	return total, all, nil
}

// seconds is how long a kernel takes at least.
func (c card) seconds(k kernel) float64 {
	return max(float64(k.bytes)/c.Memory, float64(k.flops)/c.Products)
}

// free are the operations that are no kernels.
var free = []string{"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "async-start", "async-done", "async-update",
	"copy-done", "all-reduce-done", "partition-id", "replica-id", "opt-barrier"}

// kernels are those of a computation that runs a number of times.
func (m module) kernels(of []instruction, times int) ([]kernel, error) {
	byName := named(of)
	var all []kernel
	for _, i := range of {
		if slices.Contains(free, i.op) {
			continue
		}
		inner, turns := "", times
		switch i.op {
		case "call":
			inner = i.attribute("to_apply=")
		case "while":
			inner = i.attribute("body=")
			n, err := strconv.Atoi(i.attribute(`"known_trip_count":{"n":"`))
			if err != nil {
				return nil, fmt.Errorf("%s: a loop whose number of turns is not known", i.name)
			}
			turns *= n
		case "conditional":
			return nil, fmt.Errorf("%s: conditionals are not counted", i.name)
		}
		if inner != "" {
			more, err := m.kernels(m.computations[inner], turns)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
			continue
		}
		k, err := m.kernel(i, byName)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.name, err)
		}
		k.times, k.bytes, k.flops = times, k.bytes*int64(times), k.flops*int64(times)
		all = append(all, k)
	}
	return all, nil
}

// kernel is one instruction, run once.
func (m module) kernel(i instruction, byName map[string]instruction) (kernel, error) {
	k := kernel{name: i.name, kind: i.op, result: i.types[0], bytes: bytesOf(i.types...)}
	called := m.computations[i.attribute("calls=")]
	var operands []array
	for at, name := range i.operands {
		o, ok := byName[name]
		if !ok {
			return k, fmt.Errorf("unknown operand %s", name)
		}
		operands = append(operands, o.types...)
		n := bytesOf(o.types...)
		if i.op == "fusion" {
			n = taken(called, at, n)
		}
		k.bytes += n
	}
	target := i.attribute(`custom_call_target="`)
	switch {
	case strings.HasPrefix(target, "__cudnn$conv"):
		flops, err := convolutionFLOP(i, target, operands)
		k.flops, k.kind = flops, "convolution "+target[len("__cudnn$conv"):]+typed(operands)
		return k, err
	case target != "" && strings.Contains(target, "matmul"), strings.Contains(target, "gemm"):
		k.flops, k.kind = productFLOP(i, operands[0]), "product"+typed(operands)
	case target != "":
		k.kind = target
	case i.op == "fusion":
		inside := named(called)
		for _, j := range called {
			if j.op == "dot" {
				factors := []array{inside[j.operands[0]].types[0], inside[j.operands[1]].types[0]}
				k.flops += productFLOP(j, factors[0])
				k.kind = "product" + typed(factors)
			}
		}
		if k.flops == 0 {
			k.kind = purpose(i)
		}
	case i.op == "copy", i.op == "transpose":
		k.kind = "transpose"
	case strings.HasPrefix(i.op, "all-reduce"):
		k.kind = "all-reduce"
	}
	// What is done to filters is small.
	const small = 1 << 20
	if k.kind == "transpose" && k.bytes < small {
		k.kind = "copy of a filter"
	}
	return k, nil
}

// purpose is what a fusion is for, by the name that XLA gave it: the operation that decides its form.
func purpose(i instruction) string {
	switch {
	case strings.Contains(i.name, "transpose"), strings.Contains(i.name, "copy"):
		return "transpose"
	case strings.Contains(i.name, "reduce"):
		return "reduction"
	case strings.Contains(i.name, "scatter"):
		return "scatter"
	}
	return "elementwise"
}

// typed is a suffix for products that have an operand in float32.
func typed(operands []array) string {
	for _, o := range operands {
		if o.element == "f32" {
			return " float32"
		}
	}
	return ""
}

func named(all []instruction) map[string]instruction {
	m := make(map[string]instruction, len(all))
	for _, i := range all {
		m[i.name] = i
	}
	return m
}

// taken are the bytes that a fusion reads of its parameter of a number, which has so many in all: those of the slices, if
// they're all that it does with it.
func taken(fusion []instruction, number int, all int64) int64 {
	var names []string
	for _, i := range fusion {
		if i.op == "parameter" && i.attributes == strconv.Itoa(number) {
			names = append(names, i.name)
		}
	}
	var n int64
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		for _, i := range fusion {
			if !slices.Contains(i.operands, name) {
				continue
			}
			switch source := i.operands[0] == name; {
			case i.op == "bitcast":
				names = append(names, i.name)
			case source && (i.op == "slice" || i.op == "dynamic-slice" || i.op == "gather"):
				n += bytesOf(i.types...)
			case source && i.op == "dynamic-update-slice": // in place
			default:
				return all
			}
		}
	}
	return min(n, all)
}

// convolutionFLOP are two for each product of a value and a weight. In dim_labels, input_filter->output, b and f are the
// axes of batch and features, i and o a filter's input and output, digits those of space; of a gradient the labels are
// those of the forward convolution.
func convolutionFLOP(i instruction, target string, operands []array) (int64, error) {
	labels := i.attribute("dim_labels=")
	_, rest, ok1 := strings.Cut(labels, "_")
	filter, output, ok2 := strings.Cut(rest, "->")
	if !ok1 || !ok2 || len(operands) < 2 {
		return 0, fmt.Errorf("a convolution with the labels %q", labels)
	}
	outputs, filters := i.types[0], operands[1]
	switch {
	case strings.HasSuffix(target, "BackwardFilter"):
		outputs, filters = operands[1], i.types[0]
	case strings.HasSuffix(target, "BackwardInput"):
		outputs = operands[0]
	}
	n := int64(2 * outputs.size())
	if len(filter) != len(filters.dims) || len(output) != len(outputs.dims) {
		return 0, fmt.Errorf("a convolution with the labels %q of %v and %v", labels, outputs.dims, filters.dims)
	}
	for axis, label := range filter {
		if label != 'o' {
			n *= int64(filters.dims[axis])
		}
	}
	return n, nil
}

// productFLOP are two for each product within a product of matrices.
func productFLOP(i instruction, left array) int64 {
	axis := len(left.dims) - 1
	for _, key := range []string{`"lhs_contracting_dimensions":["`, "lhs_contracting_dims={"} {
		if n, err := strconv.Atoi(i.attribute(key)); err == nil {
			axis = n
		}
	}
	return 2 * int64(i.types[0].size()) * int64(left.dims[axis])
}
