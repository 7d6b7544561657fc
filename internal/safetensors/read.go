package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
)

// Read reads a file that [Write] wrote, to the reader's end. Before any value it shows accept the file without values, so
// that one whose shapes are not wanted takes no memory for them; nil accepts every file. What accept refuses is read to its
// end all the same, and not kept: if the file is damaged that is the error, else it is accept's.
//
// Other errors wrap [ErrForeign], [ErrTruncated], [ErrCorrupt] or [ErrTooLarge], or are the reader's. It takes memory for
// what it has read, not for what the header promises.
func Read(r io.Reader, accept func(File) error) (File, error) {
	f, refused, err := read(r, accept)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %w", err)
	}
	if refused != nil {
		return File{}, refused
	}
	return f, nil
}

func read(r io.Reader, accept func(File) error) (f File, refused, err error) {
	head, err := readHeader(r)
	if err != nil {
		return f, nil, err
	}
	sum := string(head[sumAt : sumAt+sumLength])
	copy(head[sumAt:], strings.Repeat("0", sumLength))
	hash := sha256.New()
	hash.Write(head)
	counts, err := f.parse(head[8:])
	if err != nil {
		return f, nil, err
	}
	if accept != nil {
		refused = accept(f)
	}
	for i, n := range counts {
		t := &f.Tensors[i]
		if refused != nil {
			err = copyN(hash, r, int64(n)*int64(t.Type.Size()))
		} else {
			t.Data, err = readValues(r, hash, t.Type, n)
		}
		if err != nil {
			return f, nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
	}
	var extra [1]byte
	if n, err := io.ReadFull(r, extra[:]); n > 0 {
		return f, nil, fmt.Errorf("%w: it goes on behind its end", ErrCorrupt)
	} else if err != io.EOF {
		return f, nil, err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return f, nil, fmt.Errorf("%w: its checksum does not fit its content", ErrCorrupt)
	}
	return f, refused, nil
}

// readHeader reads all that comes before the values.
func readHeader(r io.Reader) ([]byte, error) {
	var head bytes.Buffer
	if err := copyN(&head, r, int64(sumAt)); err != nil && !errors.Is(err, ErrTruncated) {
		return nil, err
	}
	if start := head.Bytes(); !strings.HasPrefix(prefix, string(start[min(8, len(start)):])) {
		return nil, fmt.Errorf("%w: it is no safetensors file with a checksum", ErrForeign)
	}
	if head.Len() < sumAt {
		return nil, fmt.Errorf("%w: it ends within its first %d bytes", ErrTruncated, sumAt)
	}
	length := binary.LittleEndian.Uint64(head.Bytes())
	if length > maxHeader {
		return nil, fmt.Errorf("%w: a header of %d bytes, need no more than %d", ErrTooLarge, length, maxHeader)
	}
	if length < uint64(len(prefix)+sumLength) {
		return nil, fmt.Errorf("%w: a header of %d bytes", ErrCorrupt, length)
	}
	if err := copyN(&head, r, int64(length)-int64(len(prefix))); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return head.Bytes(), nil
}

// copyN is io.CopyN whose error at the end of r is [ErrTruncated].
func copyN(w io.Writer, r io.Reader, n int64) error {
	_, err := io.CopyN(w, r, n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}

// parse takes the metadata and the tensors, still without values, from the header's JSON, and counts the values of each.
func (f *File) parse(header []byte) (counts []int, err error) {
	end, total := int64(0), int64(0)
	err = object(header, func(name string, text json.RawMessage) error {
		if name == metadataName {
			f.Metadata = map[string]string{}
			return object(text, func(name string, text json.RawMessage) error {
				var value *string
				if err := json.Unmarshal(text, &value); err != nil {
					return err
				}
				if value == nil {
					return errors.New("null, where a text must be")
				}
				f.Metadata[name] = *value
				return nil
			})
		}
		var e entry
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&e); err != nil {
			return err
		}
		t, err := typeNamed(e.DType)
		if err != nil {
			return err
		}
		n, err := count(e.Shape)
		if err != nil {
			return err
		}
		want := []int64{end, end + n*int64(t.Size())}
		if !slices.Equal(e.Offsets, want) {
			return fmt.Errorf("a %v of shape %v at %d, want it at %d", t, e.Shape, e.Offsets, want)
		}
		if total += n; total > maxData/valueSize {
			return fmt.Errorf("%w: the tensors are more than %d GiB", ErrTooLarge, maxData>>30)
		}
		end = want[1]
		counts = append(counts, int(n))
		f.Tensors = append(f.Tensors, Tensor{Name: name, Shape: e.Shape, Type: t})
		return nil
	})
	if errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
	}
	delete(f.Metadata, checksumName)
	return counts, nil
}

// object calls f for each member of a JSON object, in order. Two of the same name are an error.
func object(text []byte, f func(name string, value json.RawMessage) error) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil { // the brace
		return err
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name := token.(string) // the decoder lets nothing else be here
		if len(name) > maxName {
			return tooLong(name)
		}
		if len(seen) > maxNames { // the metadata count as one
			return fmt.Errorf("%w: more than %d tensors or metadata", ErrTooLarge, maxNames)
		}
		if seen[name] {
			return fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if err := f(name, value); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	if _, err := decoder.Token(); err != nil { // the other brace
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("it goes on behind its end")
	}
	return nil
}

// readValues reads n values, in pieces.
func readValues(r io.Reader, hash hash.Hash, t Type, n int) ([]float32, error) {
	var values []float32
	buffer := make([]byte, min(n, piece)*t.Size())
	for len(values) < n {
		part := buffer[:min(n-len(values), piece)*t.Size()]
		if _, err := io.ReadFull(r, part); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ErrTruncated
		} else if err != nil {
			return nil, err
		}
		hash.Write(part)
		values = t.widen(values, part)
	}
	return values, nil
}
