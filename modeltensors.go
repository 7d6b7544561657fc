package fastresnet

import (
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/quantized"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
)

// Beside the variables by their names, a model's file has those of the last step behind lastPrefix, where the others are
// averages, and the scales of an int8 variable behind its name and scaleSuffix, which no variable's name ends in.
const lastPrefix, scaleSuffix = "last/", "/int8_scale"

// storable reports a network that a model's file could not hold: with a variable under the name that another has there for
// the last step, or with more text than is read.
func storable(n layers.Network) error {
	variables, err := n.Variables()
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, v := range variables {
		names[v.Name] = true
	}
	for _, v := range variables {
		if last := lastPrefix + v.Name; names[last] {
			return fmt.Errorf("%w: variables are named %q and %q, which is the first one's of the last step in a model's file", layers.ErrNetwork, v.Name, last)
		}
	}
	if _, err := strictjson.Marshal(n, nullable...); err != nil {
		return fmt.Errorf("%w: in a model's file: %w", layers.ErrNetwork, err)
	}
	return nil
}

// tensors are variables as a file of this storage has them: wider values first, so that all are aligned, which PyTorch
// needs.
func (s Storage) tensors(variables []layers.Variable, values map[string][]float32) []safetensors.Tensor {
	var tensors []safetensors.Tensor
	for _, v := range variables {
		t := safetensors.Tensor{Name: v.Name, Shape: v.Dims, Type: s.of(v), Data: values[v.Name]}
		if t.Type == safetensors.I8 {
			channels := v.Dims[:1]
			integers, scales := quantized.Round(t.Data, channels[0])
			tensors = append(tensors, safetensors.Tensor{Name: v.Name + scaleSuffix, Shape: channels, Data: scales})
			t.Data = integers
		}
		tensors = append(tensors, t)
	}
	slices.SortStableFunc(tensors, func(a, b safetensors.Tensor) int { return b.Type.Size() - a.Type.Size() })
	return tensors
}

// variables are the values of the network's, by name; last is nil where the file, of a format's version, has them once.
func (d modelDocument) variables(version int, tensors []safetensors.Tensor) (values, last map[string][]float32, err error) {
	variables, err := d.Network.Variables()
	if err != nil {
		return nil, nil, err
	}
	f := fileTensors{version, make(map[string]safetensors.Tensor, len(tensors))}
	for _, t := range tensors {
		f.byName[t.Name] = t
	}
	if values, err = f.take("", variables); err != nil {
		return nil, nil, err
	}
	if d.Record.Weights == AveragedWeights && version < narrowFormat {
		if last, err = f.take(lastPrefix, variables); err != nil {
			return nil, nil, err
		}
	}
	if err := d.variances(values, last); err != nil {
		return nil, nil, err
	}
	for name := range f.byName {
		return nil, nil, fmt.Errorf("%w: the network has no variable %q", ErrCorrupt, name)
	}
	return values, last, nil
}

// fileTensors are the tensors of a file that have not been taken yet.
type fileTensors struct {
	version int
	byName  map[string]safetensors.Tensor
}

// take takes the variables' values, which have names with a prefix.
func (f fileTensors) take(prefix string, variables []layers.Variable) (map[string][]float32, error) {
	taken := make(map[string][]float32, len(variables))
	for _, v := range variables {
		t, err := f.tensor(prefix+v.Name, v.Dims)
		if err != nil {
			return nil, err
		}
		if t.Type != safetensors.F32 && (f.version < narrowFormat || !narrowable(v)) {
			return nil, fmt.Errorf("%w: tensor %q is %v, want %v", ErrCorrupt, t.Name, t.Type, safetensors.F32)
		}
		if t.Type == safetensors.I8 {
			if err := f.restore(&t); err != nil {
				return nil, err
			}
		}
		taken[v.Name] = t.Data
	}
	if !engine.Finite(taken) {
		return nil, fmt.Errorf("%w: its weights are not finite", ErrCorrupt)
	}
	return taken, nil
}

// tensor takes one tensor.
func (f fileTensors) tensor(name string, shape []int) (safetensors.Tensor, error) {
	t, is := f.byName[name]
	if !is || !slices.Equal(t.Shape, shape) {
		return t, fmt.Errorf("%w: tensor %q has the shape %v, want %v", ErrCorrupt, name, t.Shape, shape)
	}
	delete(f.byName, name)
	return t, nil
}

// restore multiplies a variable's integers by their scales.
func (f fileTensors) restore(t *safetensors.Tensor) error {
	scales, err := f.tensor(t.Name+scaleSuffix, t.Shape[:1])
	if err != nil {
		return err
	}
	if scales.Type != safetensors.F32 {
		return fmt.Errorf("%w: tensor %q is %v, want %v", ErrCorrupt, scales.Name, scales.Type, safetensors.F32)
	}
	if t.Data, err = quantized.Restore(t.Data, scales.Data); err != nil {
		return fmt.Errorf("%w: tensor %q: %w", ErrCorrupt, t.Name, err)
	}
	return nil
}

// variances reports a running variance below 0, of which every answer would be not a number.
func (d modelDocument) variances(all ...map[string][]float32) error {
	steps, err := d.Network.Plan()
	if err != nil {
		return err
	}
	for _, s := range steps {
		norm, is := s.Layer.(layers.BatchNorm)
		for _, values := range all {
			if is && slices.ContainsFunc(values[norm.Name+"/variance"], func(v float32) bool { return v < 0 }) {
				return fmt.Errorf("%w: %q has a negative variance", ErrCorrupt, norm.Name)
			}
		}
	}
	return nil
}
