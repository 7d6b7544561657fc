package engine

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// Snapshot is a training run between two steps, on the host: all that the steps after it depend on, apart from
// the configuration and the training set.
type Snapshot struct {
	// Steps is how many steps of an epoch, the last one that began, have been taken, and Metrics are their sums as
	// the device keeps them. Both are zero before the first step of the run.
	Epoch   int       `json:"epoch"`
	Steps   int       `json:"steps"`
	Metrics []float32 `json:"-"`
	// Variables, Velocities and Averages are tensors by the variables' names; no averages for a run without any.
	Variables  map[string][]float32 `json:"-"`
	Velocities map[string][]float32 `json:"-"`
	Averages   map[string][]float32 `json:"-"`
	// AverageSteps is how many steps the averages have followed.
	AverageSteps int `json:"average_steps"`
}

// Snapshot copies the run's state to the host.
func (t *Trainer) Snapshot() (s Snapshot, err error) {
	s.Epoch, s.Steps = t.epoch, t.taken
	if t.taken > 0 {
		if s.Metrics, err = download[float32](t.state.metrics, numMetrics); err != nil {
			return s, err
		}
	}
	if s.Variables, err = downloadVariables(t.variables, t.state.variables); err != nil {
		return s, err
	}
	if s.Velocities, err = downloadVariables(trainable(t.variables), t.state.velocities); err != nil {
		return s, err
	}
	if t.averaging != nil {
		s.AverageSteps = t.averaging.steps
		s.Averages, err = downloadVariables(t.variables, t.averaging.averages)
	}
	return s, err
}

// Restore puts the run where a snapshot of the same configuration was taken. A snapshot that does not fit is an error, and leaves the
// run as it was.
func (t *Trainer) Restore(s Snapshot) error {
	if s.Epoch < 0 || s.Steps < 0 || s.Steps > t.Steps() || (s.Steps > 0) != (len(s.Metrics) == numMetrics) || s.AverageSteps < 0 {
		return fmt.Errorf("a snapshot after %d of %d steps, %d metrics, averages over %d steps", s.Steps, t.Steps(), len(s.Metrics), s.AverageSteps)
	}
	var restored state
	var averages []compute.Buffer
	undo := func() {
		release(restored.variables...)
		release(restored.velocities...)
		release(averages...)
	}
	var err error
	if restored.variables, err = uploadVariables(t.device, t.variables, s.Variables); err != nil {
		return err
	}
	if restored.velocities, err = uploadVariables(t.device, trainable(t.variables), s.Velocities); err != nil {
		undo()
		return err
	}
	if t.averaging != nil {
		if averages, err = uploadVariables(t.device, t.variables, s.Averages); err != nil {
			undo()
			return err
		}
	}
	if s.Steps > 0 {
		if restored.metrics, err = upload(t.device, s.Metrics, whole(dtypes.Float32, numMetrics)); err != nil {
			undo()
			return err
		}
	}
	t.state.release()
	t.state, t.epoch, t.taken = restored, s.Epoch, s.Steps
	if t.averaging != nil {
		release(t.averaging.averages...)
		t.averaging.averages, t.averaging.steps = averages, s.AverageSteps
	}
	return nil
}
