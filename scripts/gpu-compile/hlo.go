package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// module is a program as XLA has optimised and scheduled it, in its text form (HLO).
type module struct {
	entry        []instruction
	computations map[string][]instruction
}

// instruction is one line of a computation: name = types op(operands), attributes.
type instruction struct {
	name, op, attributes string
	types                []array // more than one for a tuple
	operands             []string
}

// array is the shape of a value.
type array struct {
	element string
	dims    []int
}

// bits are the sizes of elements; those of a token, which orders instructions, are none.
var bits = map[string]int{"pred": 8, "s4": 4, "u4": 4, "s8": 8, "u8": 8, "s16": 16, "u16": 16, "bf16": 16, "f16": 16, "s32": 32, "u32": 32, "f32": 32, "s64": 64, "u64": 64, "f64": 64, "token": 0}

func (a array) size() int {
	n := 1
	for _, d := range a.dims {
		n *= d
	}
	return n
}

// bytesOf are those of several values.
func bytesOf(of ...array) int64 {
	var n int64
	for _, a := range of {
		n += int64(a.size()) * int64(bits[a.element]) / 8
	}
	return n
}

var (
	comments    = regexp.MustCompile(`/\*.*?\*/`)
	computation = regexp.MustCompile(`^(ENTRY )?%?([\w.\-]+) \(.*\{$`)
	arrays      = regexp.MustCompile(`(\w+)\[([\d,]*)\]`)
	references  = regexp.MustCompile(`%([\w.\-]+)`)
)

// parse reads the text form of a module.
func parse(text string) (module, error) {
	m := module{computations: map[string][]instruction{}}
	var name string
	var isEntry bool
	for line := range strings.Lines(comments.ReplaceAllString(text, "")) {
		line = strings.TrimRight(line, "\n")
		if match := computation.FindStringSubmatch(line); match != nil {
			isEntry, name = match[1] != "", match[2]
			continue
		}
		if line == "}" {
			name = ""
		}
		body, isInstruction := strings.CutPrefix(line, "  ")
		if name == "" || !isInstruction {
			continue
		}
		i, err := parseInstruction(body)
		if err != nil {
			return module{}, err
		}
		m.computations[name] = append(m.computations[name], i)
		if isEntry {
			m.entry = m.computations[name]
		}
	}
	if m.entry == nil {
		return module{}, fmt.Errorf("the program has no entry")
	}
	return m, nil
}

func parseInstruction(line string) (i instruction, err error) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(line, "ROOT "), " = ")
	if !ok {
		return i, fmt.Errorf("no instruction: %q", line)
	}
	i.name = strings.TrimPrefix(name, "%")
	types, rest := cutType(rest)
	if i.types, err = parseArrays(types); err != nil {
		return i, fmt.Errorf("%s: %w", i.name, err)
	}
	op, rest, ok := strings.Cut(strings.TrimSpace(rest), "(")
	if !ok {
		return i, fmt.Errorf("%s: no operands", i.name)
	}
	i.op = op
	end := closing(rest)
	if op == "parameter" || op == "constant" {
		i.attributes = rest[:end] // its number, or value
		return i, nil
	}
	for _, match := range references.FindAllStringSubmatch(rest[:end], -1) {
		i.operands = append(i.operands, match[1])
	}
	i.attributes = rest[end:]
	return i, nil
}

// cutType cuts the type, a tuple's in parentheses, from the head of an instruction.
func cutType(text string) (types, rest string) {
	if inner, ok := strings.CutPrefix(text, "("); ok {
		end := 1 + closing(inner)
		return text[:end], text[end+1:]
	}
	types, rest, _ = strings.Cut(text, " ")
	return types, rest
}

// closing is the place of the parenthesis that closes one which has been opened before the text.
func closing(text string) int {
	depth := 1
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return len(text)
}

func parseArrays(text string) ([]array, error) {
	var all []array
	for _, match := range arrays.FindAllStringSubmatch(text, -1) {
		a := array{element: match[1]}
		if _, known := bits[a.element]; !known {
			return nil, fmt.Errorf("an element of type %q", a.element)
		}
		for d := range strings.SplitSeq(match[2], ",") {
			if d == "" {
				continue
			}
			n, err := strconv.Atoi(d)
			if err != nil {
				return nil, err
			}
			a.dims = append(a.dims, n)
		}
		all = append(all, a)
	}
	return all, nil
}

// attribute is what follows key in an instruction's attributes, up to a comma or the like.
func (i instruction) attribute(key string) string {
	_, value, _ := strings.Cut(i.attributes, key)
	if end := strings.IndexAny(value, `,"} `); end >= 0 {
		value = value[:end]
	}
	return strings.TrimPrefix(value, "%")
}
