package engine

import (
	"fmt"

	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// trainable are the variables that have a gradient, in order.
func trainable(variables []layers.Variable) []layers.Variable {
	var with []layers.Variable
	for _, v := range variables {
		if v.Trainable {
			with = append(with, v)
		}
	}
	return with
}

// inputsOf are variables as the inputs of a program.
func inputsOf(variables []layers.Variable) []input {
	all := make([]input, len(variables))
	for i, v := range variables {
		all[i] = whole(dtypes.Float32, v.Dims...)
	}
	return all
}

func uploadVariables(d *Device, variables []layers.Variable, values map[string][]float32) ([]compute.Buffer, error) {
	buffers := make([]compute.Buffer, len(variables))
	for i, v := range variables {
		err := fmt.Errorf("%s has %d values, need %d", v.Name, len(values[v.Name]), v.Size())
		if len(values[v.Name]) == v.Size() {
			buffers[i], err = upload(d, values[v.Name], whole(dtypes.Float32, v.Dims...))
		}
		if err != nil {
			release(buffers...)
			return nil, err
		}
	}
	return buffers, nil
}

// downloadVariables copies variables to the host, by name.
func downloadVariables(variables []layers.Variable, buffers []compute.Buffer) (map[string][]float32, error) {
	values := make(map[string][]float32, len(variables))
	for i, v := range variables {
		var err error
		if values[v.Name], err = download[float32](buffers[i], v.Size()); err != nil {
			return nil, err
		}
	}
	return values, nil
}
