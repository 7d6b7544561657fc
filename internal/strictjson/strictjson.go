// Package strictjson reads JSON as a format of files wants it, where package encoding/json lets much pass: a key in
// other letters than the field's, a key twice of which the last counts, null for a number, and text of a few megabytes
// that takes gigabytes of memory to read.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// These limits are far beyond what files need. They keep the memory of reading to a small multiple of the text, and one
// part of a text from filling an error's message.
const (
	maxDepth  = 100     // of objects and arrays in one another
	maxKey    = 300     // bytes: the longest are a checkpoint's paths to layers in blocks in blocks
	maxValues = 1 << 20 // of the whole text, and so keys
	maxLength = 1 << 16 // bytes of a string or a number
)

// Marshal is like [json.Marshal], and refuses what [Unmarshal] would.
func Marshal(value any, nullable ...string) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return text, check(text, nullable)
}

// Unmarshal reads one value, like [json.Unmarshal]. It refuses unknown fields, keys that an object has twice or that
// have letters other than a to z, which no field of this module's formats has, null but for the keys in nullable,
// whatever follows the value, and more of anything than the limits of this package. Methods that read a part of the
// value themselves are given text that has passed.
func Unmarshal(text []byte, value any, nullable ...string) error {
	if err := check(text, nullable); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(value)
}

// scope is an object or an array that is open.
type scope struct {
	object bool
	keys   map[string]bool // of an object, so far
	key    string          // of the value that is next in an object, or was last
	value  bool            // in an object: a value is next, not a key
	index  int             // of the value that is next in an array
}

// path names the value that is next: "layers[6].size".
func path(open []scope) string {
	var text strings.Builder
	for i, s := range open {
		switch {
		case !s.object:
			fmt.Fprintf(&text, "[%d]", s.index)
		case i > 0:
			text.WriteString("." + s.key)
		default:
			text.WriteString(s.key)
		}
	}
	return text.String()
}

func check(text []byte, nullable []string) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var open []scope
	for values := 0; ; {
		token, err := decoder.Token()
		if err == io.EOF && values > 0 && len(open) == 0 {
			return nil
		}
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if long(token) {
			return fmt.Errorf("%s: more than %d bytes", path(open), maxLength)
		}
		var in *scope
		if len(open) > 0 {
			in = &open[len(open)-1]
		}
		delimiter, _ := token.(json.Delim)
		if delimiter == '}' || delimiter == ']' {
			if open = open[:len(open)-1]; len(open) > 0 {
				open[len(open)-1].next()
			}
			continue
		}
		if in != nil && in.object && !in.value {
			if err := in.enter(token.(string)); err != nil {
				return fmt.Errorf("%s: %w", path(open), err)
			}
			continue
		}
		if in == nil && values > 0 {
			return errors.New("it goes on behind its end")
		}
		if values++; values > maxValues {
			return fmt.Errorf("more than %d values", maxValues)
		}
		switch {
		case delimiter != 0 && len(open) == maxDepth:
			return fmt.Errorf("objects and arrays more than %d deep", maxDepth)
		case delimiter != 0:
			open = append(open, scope{object: delimiter == '{'})
			continue
		case token == nil && (in == nil || !in.object || !slices.Contains(nullable, in.key)):
			return fmt.Errorf("%s: null, where a value must be", path(open))
		}
		if in != nil {
			in.next()
		}
	}
}

// long says whether a token is beyond the limit.
func long(token json.Token) bool {
	switch t := token.(type) {
	case string:
		return len(t) > maxLength
	case json.Number:
		return len(t) > maxLength
	}
	return false
}

// next goes on behind a value.
func (s *scope) next() {
	s.value = false
	s.index++
}

// enter takes note of the key of an object.
func (s *scope) enter(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("a key of more than %d bytes", maxKey)
	}
	if s.keys == nil {
		s.keys = map[string]bool{}
	}
	again := s.keys[key]
	s.keys[key], s.key, s.value = true, key, true
	switch {
	case strings.ContainsFunc(key, foreign):
		return fmt.Errorf("the key %q is unknown: they are all in the small letters a to z", key)
	case again:
		return fmt.Errorf("the key %q is there twice", key)
	}
	return nil
}

// foreign says whether a key may not have a character: capital letters, and all beyond ASCII, some of which package
// encoding/json takes for ASCII letters, as ſ for s.
func foreign(r rune) bool { return 'A' <= r && r <= 'Z' || r > unicode.MaxASCII }
