package data

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// readPickle reads what Python's pickle wrote, up to a number of bytes, and of operations: dictionaries with texts for keys,
// lists, numbers, texts, and arrays of bytes of NumPy. It knows the operations that these take in protocols 2 and 3, of which none runs
// anything, and refuses all others.
//
// A dictionary is a map[string]any, a list a *[]any, a number an int, a text or bytes a string, None nil, a tuple a []any,
// and an array a *pickledArray.
//
// Source: Lib/pickletools.py of CPython.
func readPickle(r io.Reader, limit int64, operations int) (value any, err error) {
	p := &pickle{r: bufio.NewReaderSize(io.LimitReader(r, limit), 1<<16), memo: map[uint32]any{}, encodable: limit}
	defer func() { // stacks that are empty, and types that are others than they should be
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("%w: a pickle that makes no sense: %v", ErrFormat, wrong)
		}
	}()
	for range operations {
		op, err := p.r.ReadByte()
		if err != nil {
			return nil, contentError(err)
		}
		if op == '.' {
			return p.pop(), nil
		}
		if err := p.do(op); err != nil {
			return nil, contentError(err)
		}
	}
	return nil, fmt.Errorf("%w: a pickle of more than %d operations", ErrFormat, operations)
}

// pickle is the state of a pickle that is read.
type pickle struct {
	r     *bufio.Reader
	stack []any
	memo  map[uint32]any
	// encodable is how many bytes may still come out of calls of encode, whose text may be a remembered one.
	encodable int64
}

// pickledArray is an array of NumPy's.
type pickledArray struct {
	dims   []any
	dtype  *pickledType
	values string
}

type (
	pickledType   struct{ name string }
	pickledMark   struct{}
	pickledGlobal string // the name of what a pickle may call
)

// The globals that CIFAR's files name. encode is how Python 3 writes bytes in protocol 2.
const (
	reconstruct    pickledGlobal = "numpy.core.multiarray _reconstruct"
	newReconstruct pickledGlobal = "numpy._core.multiarray _reconstruct"
	arrayType      pickledGlobal = "numpy ndarray"
	typeType       pickledGlobal = "numpy dtype"
	encode         pickledGlobal = "_codecs encode"
)

func (p *pickle) push(v any) { p.stack = append(p.stack, v) }

func (p *pickle) pop() any {
	last := len(p.stack) - 1
	v := p.stack[last]
	p.stack = p.stack[:last]
	return v
}

// recall pushes what has been remembered.
func (p *pickle) recall(n uint32) {
	v, is := p.memo[n]
	if !is {
		panic(fmt.Errorf("nothing is remembered as number %d", n))
	}
	p.push(v)
}

// popMark pops what is above the last mark.
func (p *pickle) popMark() []any {
	for i := len(p.stack) - 1; ; i-- {
		if _, is := p.stack[i].(pickledMark); is {
			above := append([]any(nil), p.stack[i+1:]...)
			p.stack = p.stack[:i]
			return above
		}
	}
}

// number reads an unsigned integer of some bytes.
func (p *pickle) number(bytes int) (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(p.r, b[:bytes])
	return binary.LittleEndian.Uint32(b[:]), err
}

// text reads some bytes.
func (p *pickle) text(lengthBytes int) error {
	n, err := p.number(lengthBytes)
	if err != nil {
		return err
	}
	var b bytes.Buffer // grows as they come
	if _, err := io.CopyN(&b, p.r, int64(n)); err != nil {
		return err
	}
	p.push(b.String())
	return nil
}

// do does one operation.
func (p *pickle) do(op byte) (err error) {
	var n uint32
	switch op {
	case 0x80: // the protocol
		if n, err = p.number(1); err == nil && n != 2 && n != 3 {
			err = fmt.Errorf("%w: a pickle of protocol %d, need 2 or 3", ErrFormat, n)
		}
	case '(':
		p.push(pickledMark{})
	case ')':
		p.push([]any{})
	case '}':
		p.push(map[string]any{})
	case ']':
		p.push(&[]any{})
	case 'N':
		p.push(nil)
	case 0x88, 0x89:
		p.push(op == 0x88)
	case 'K':
		if n, err = p.number(1); err == nil {
			p.push(int(n))
		}
	case 'M':
		if n, err = p.number(2); err == nil {
			p.push(int(n))
		}
	case 'J':
		if n, err = p.number(4); err == nil {
			p.push(int(int32(n)))
		}
	case 'U', 'C':
		return p.text(1)
	case 'T', 'X', 'B':
		return p.text(4)
	case 'q':
		if n, err = p.number(1); err == nil {
			p.memo[n] = p.stack[len(p.stack)-1]
		}
	case 'r':
		if n, err = p.number(4); err == nil {
			p.memo[n] = p.stack[len(p.stack)-1]
		}
	case 'h':
		if n, err = p.number(1); err == nil {
			p.recall(n)
		}
	case 'j':
		if n, err = p.number(4); err == nil {
			p.recall(n)
		}
	case 't':
		p.push(p.popMark())
	case 0x85, 0x86, 0x87:
		at := len(p.stack) - int(op-0x84)
		tuple := append([]any(nil), p.stack[at:]...)
		p.stack = append(p.stack[:at], tuple)
	case 'a', 'e':
		items := []any{}
		if op == 'a' {
			items = append(items, p.pop())
		} else {
			items = p.popMark()
		}
		list := p.stack[len(p.stack)-1].(*[]any)
		*list = append(*list, items...)
	case 's', 'u':
		items := []any{}
		if op == 's' {
			value := p.pop()
			items = append(items, p.pop(), value)
		} else {
			items = p.popMark()
		}
		dictionary := p.stack[len(p.stack)-1].(map[string]any)
		for i := 0; i < len(items); i += 2 {
			dictionary[items[i].(string)] = items[i+1]
		}
	case 'c':
		return p.global()
	case 'R':
		return p.reduce()
	case 'b':
		p.build()
	default:
		err = fmt.Errorf("%w: a pickle with the operation %#02x, which CIFAR's files do not have", ErrFormat, op)
	}
	return err
}

// global pushes the name of a module and of what is in it, if it is one of those that are known.
func (p *pickle) global() error {
	line := func() (string, error) {
		text, err := p.r.ReadSlice('\n') // of no more than the buffer
		return string(bytes.TrimSuffix(text, []byte("\n"))), err
	}
	module, err := line()
	if err != nil {
		return err
	}
	name, err := line()
	if err != nil {
		return err
	}
	switch g := pickledGlobal(module + " " + name); g {
	case reconstruct, newReconstruct, arrayType, typeType, encode:
		p.push(g)
		return nil
	default:
		return fmt.Errorf("%w: a pickle that would call %q, which is not done", ErrFormat, g)
	}
}

// reduce makes what a call of a global would.
func (p *pickle) reduce() error {
	arguments := p.pop().([]any)
	switch g := p.pop().(pickledGlobal); g {
	case reconstruct, newReconstruct:
		p.push(&pickledArray{})
	case typeType:
		p.push(&pickledType{arguments[0].(string)})
	case encode: // bytes as a text, of a letter up to U+00FF for each
		text := arguments[0].(string)
		if p.encodable -= int64(len(text)); p.encodable < 0 {
			return fmt.Errorf("%w: a pickle of too many bytes", ErrFormat)
		}
		var raw []byte
		for _, letter := range text {
			if letter > math.MaxUint8 {
				return fmt.Errorf("%w: a pickle with bytes that are none", ErrFormat)
			}
			raw = append(raw, byte(letter))
		}
		p.push(string(raw))
	default:
		return fmt.Errorf("%w: a pickle that would call %q", ErrFormat, g)
	}
	return nil
}

// build gives the object below its state.
func (p *pickle) build() {
	state := p.pop().([]any)
	if a, is := p.stack[len(p.stack)-1].(*pickledArray); is { // version, shape, type, whether in Fortran's order, values
		if state[3].(bool) {
			panic(errors.New("an array in the order of Fortran"))
		}
		a.dims, a.dtype, a.values = state[1].([]any), state[2].(*pickledType), state[4].(string)
	}
}
