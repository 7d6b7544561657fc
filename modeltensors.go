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

// checkTensors reports tensors, whose values need not have been read, that are not those of the network's variables in a
// file of a format's version.
func (d modelDocument) checkTensors(version int, tensors []safetensors.Tensor) error {
	variables, err := d.Network.Variables()
	if err != nil {
		return err
	}
	left := byName(tensors)
	for _, prefix := range d.prefixes(version) {
		for _, v := range variables {
			as, err := left.take(prefix+v.Name, v.Dims, version >= narrowFormat && narrowable(v))
			if err == nil && as == safetensors.I8 {
				_, err = left.take(prefix+v.Name+scaleSuffix, v.Dims[:1], false)
			}
			if err != nil {
				return err
			}
		}
	}
	for name := range left {
		return fmt.Errorf("%w: the network has no variable %q", ErrCorrupt, name)
	}
	return nil
}

// prefixes are what variables have before their names in a file of a format's version: the last step's are there too where
// the others are averages.
func (d modelDocument) prefixes(version int) []string {
	if d.Record.Weights == AveragedWeights && version < narrowFormat {
		return []string{"", lastPrefix}
	}
	return []string{""}
}

// variables are the values of the network's, by name, from tensors that have been checked; last is nil where the file, of a
// format's version, has them once.
func (d modelDocument) variables(version int, tensors []safetensors.Tensor) (values, last map[string][]float32, err error) {
	variables, err := d.Network.Variables()
	if err != nil {
		return nil, nil, err
	}
	f, read := byName(tensors), map[string]map[string][]float32{}
	for _, prefix := range d.prefixes(version) {
		if read[prefix], err = f.values(prefix, variables); err != nil {
			return nil, nil, err
		}
	}
	values, last = read[""], read[lastPrefix]
	if err := d.variances(values, last); err != nil {
		return nil, nil, err
	}
	return values, last, nil
}

// fileTensors are tensors of a file by name.
type fileTensors map[string]safetensors.Tensor

func byName(tensors []safetensors.Tensor) fileTensors {
	f := make(fileTensors, len(tensors))
	for _, t := range tensors {
		f[t.Name] = t
	}
	return f
}

// take takes out a tensor, which must have a shape and, unless it may be narrow, be float32. It returns its type.
func (f fileTensors) take(name string, shape []int, narrow bool) (safetensors.Type, error) {
	t, is := f[name]
	if !is || !slices.Equal(t.Shape, shape) {
		return t.Type, fmt.Errorf("%w: tensor %q has the shape %v, want %v", ErrCorrupt, name, t.Shape, shape)
	}
	if t.Type != safetensors.F32 && !narrow {
		return t.Type, fmt.Errorf("%w: tensor %q is %v, want %v", ErrCorrupt, name, t.Type, safetensors.F32)
	}
	delete(f, name)
	return t.Type, nil
}

// values are those of variables, which have names with a prefix.
func (f fileTensors) values(prefix string, variables []layers.Variable) (map[string][]float32, error) {
	values := make(map[string][]float32, len(variables))
	for _, v := range variables {
		t := f[prefix+v.Name]
		if t.Type == safetensors.I8 {
			restored, err := quantized.Restore(t.Data, f[t.Name+scaleSuffix].Data)
			if err != nil {
				return nil, fmt.Errorf("%w: tensor %q: %w", ErrCorrupt, t.Name, err)
			}
			t.Data = restored
		}
		values[v.Name] = t.Data
	}
	if !engine.Finite(values) {
		return nil, fmt.Errorf("%w: its weights are not finite", ErrCorrupt)
	}
	return values, nil
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
