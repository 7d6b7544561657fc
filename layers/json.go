package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/strictjson"
)

// networkJSON is a network in JSON, of which each layer is an object with a "type" beside its settings.
type networkJSON struct {
	Name   string            `json:"name"`
	Input  data.Shape        `json:"input"`
	Layers []json.RawMessage `json:"layers"`
}

// residualJSON is a residual block in JSON.
type residualJSON struct {
	Branch   []json.RawMessage `json:"branch"`
	Shortcut []json.RawMessage `json:"shortcut,omitempty"`
}

// MarshalJSON writes a network that can be built. Its errors wrap [ErrNetwork].
func (n Network) MarshalJSON() ([]byte, error) {
	if _, err := n.Plan(); err != nil {
		return nil, err
	}
	layers, err := encodeAll(n.Layers)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	text, err := json.Marshal(networkJSON{Name: n.Name, Input: n.Input, Layers: layers})
	if err == nil {
		err = short(text)
	}
	return text, err
}

// UnmarshalJSON reads a network that can be built. What else the text holds is an error; errors wrap
// [ErrNetwork].
func (n *Network) UnmarshalJSON(text []byte) error {
	if err := short(text); err != nil {
		return err
	}
	var in networkJSON
	if err := strictjson.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	layers, err := decodeAll(in.Layers, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	read := Network{Name: in.Name, Input: in.Input, Layers: layers}
	if _, err := read.Plan(); err != nil {
		return err
	}
	*n = read
	return nil
}

// short reports text that takes too long to read, as it is read again for each block in a block.
func short(text []byte) error {
	if len(text) > maxText {
		return fmt.Errorf("%w: %d bytes of JSON, need no more than %d", ErrNetwork, len(text), maxText)
	}
	return nil
}

// encodeAll is a list, empty for no layers, as null would be none.
func encodeAll(layers []Layer) ([]json.RawMessage, error) {
	all := make([]json.RawMessage, 0, len(layers))
	for i, l := range layers {
		text, err := encode(l)
		if err != nil {
			return nil, fmt.Errorf("layer %d, %v: %w", i, l, err)
		}
		all = append(all, text)
	}
	return all, nil
}

// encode puts the type in front of a layer's settings.
func encode(l Layer) (json.RawMessage, error) {
	var settings any = l
	if block, ok := l.(Residual); ok {
		var paths residualJSON
		var errs [2]error
		paths.Branch, errs[0] = encodeAll(block.Branch)
		paths.Shortcut, errs[1] = encodeAll(block.Shortcut)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		settings = paths
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	name := typeName(l)
	if name == "" {
		return nil, fmt.Errorf("a %T has no name in JSON", l)
	}
	head := fmt.Sprintf(`{"type":%q`, name)
	if len(text) > len("{}") {
		head += ","
	}
	return append([]byte(head), text[1:]...), nil
}

// decodeAll reads layers that are depth blocks deep.
func decodeAll(texts []json.RawMessage, depth int) ([]Layer, error) {
	if len(texts) > 0 && depth > maxDepth {
		return nil, fmt.Errorf("residual blocks more than %d deep", maxDepth)
	}
	var layers []Layer
	for i, text := range texts {
		l, err := decode(text, depth)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		layers = append(layers, l)
	}
	return layers, nil
}

func decode(text json.RawMessage, depth int) (Layer, error) {
	var fields map[string]json.RawMessage
	if err := strictjson.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	var name string
	if err := json.Unmarshal(fields["type"], &name); err != nil {
		return nil, fmt.Errorf("its type: %w", err)
	}
	zero, known := types[name]
	if !known {
		return nil, fmt.Errorf("type %q is unknown; a newer version may know it", name)
	}
	delete(fields, "type")
	settings, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	if name == "residual" {
		var paths residualJSON
		if err := strictjson.Unmarshal(settings, &paths); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		branch, err := decodeAll(paths.Branch, depth+1)
		if err != nil {
			return nil, fmt.Errorf("%s: branch: %w", name, err)
		}
		shortcut, err := decodeAll(paths.Shortcut, depth+1)
		if err != nil {
			return nil, fmt.Errorf("%s: shortcut: %w", name, err)
		}
		return Residual{Branch: branch, Shortcut: shortcut}, nil
	}
	l := reflect.New(reflect.TypeOf(zero))
	if err := strictjson.Unmarshal(settings, l.Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l.Elem().Interface().(Layer), nil
}
