package engine

import (
	"github.com/fastresnet/fastresnet/layers"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
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

// shapesOf are the shapes of variables on a device.
func shapesOf(variables []layers.Variable) []shapes.Shape {
	all := make([]shapes.Shape, len(variables))
	for i, v := range variables {
		all[i] = shapes.Make(dtypes.Float32, v.Dims...)
	}
	return all
}

func uploadVariables(d *Device, variables []layers.Variable, values map[string][]float32) ([]compute.Buffer, error) {
	buffers := make([]compute.Buffer, len(variables))
	for i, v := range variables {
		var err error
		if buffers[i], err = upload(d, values[v.Name], shapes.Make(dtypes.Float32, v.Dims...)); err != nil {
			return nil, err
		}
	}
	return buffers, nil
}
