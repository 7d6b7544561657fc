package engine

import "fmt"

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
func (t *Trainer) Snapshot() (Snapshot, error) {
	s, err := t.stepper.Snapshot()
	s.Epoch, s.Steps, s.AverageSteps = t.epoch, t.taken, t.averaged
	if s.Steps == 0 {
		s.Metrics = nil
	}
	return s, err
}

// Restore puts the run where a snapshot of the same configuration was taken. A snapshot that does not fit is an error,
// and leaves the run as it was.
func (t *Trainer) Restore(s Snapshot) error {
	if s.Epoch < 0 || s.Steps < 0 || s.Steps > t.Steps() || (s.Steps > 0) != (len(s.Metrics) == NumMetrics) || s.AverageSteps < 0 {
		return fmt.Errorf("a snapshot after %d of %d steps, %d metrics, averages over %d steps", s.Steps, t.Steps(), len(s.Metrics), s.AverageSteps)
	}
	if err := t.stepper.Restore(s); err != nil {
		return err
	}
	t.epoch, t.taken, t.averaged = s.Epoch, s.Steps, s.AverageSteps
	return nil
}
