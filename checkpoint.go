package fastresnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet/internal/checkpoint"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
)

// checkpoints are those of a run.
type checkpoints struct {
	folder    *checkpoint.Folder
	every     int // epochs
	identity  identity
	variables []layers.Variable
	// last is the newest that is known to be good; "" before the first.
	last string
	// saved is what the run goes on from; nil for nothing.
	saved *progress
}

// progress is a run between two steps.
type progress struct {
	Run identity `json:"run"`
	// Epochs are the whole ones.
	Epochs []Epoch `json:"epochs"`
	// Train and Total are those of [Timing] so far, and EpochTrain what of Train belongs to an epoch that is not whole.
	Train      time.Duration `json:"train_ns"`
	EpochTrain time.Duration `json:"epoch_train_ns"`
	Total      time.Duration `json:"total_ns"`
	// State has its tensors beside the JSON.
	State engine.Snapshot `json:"state"`
}

// The metadata of a checkpoint: the version of its format, and the progress as JSON.
const checkpointKey, checkpointVersion, progressKey = "fastresnet-checkpoint", "2", "progress"

// openCheckpoints finds what the run is to go on from, before anything is spent on it.
func openCheckpoints(c *config) (*checkpoints, error) {
	if !c.checkpoints {
		return nil, nil
	}
	k, err := findCheckpoints(c)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCheckpoint, c.checkpointFolder, err)
	}
	return k, nil
}

func findCheckpoints(c *config) (k *checkpoints, err error) {
	k = &checkpoints{every: c.checkpointEvery}
	if k.identity, err = c.identity(); err != nil {
		return nil, err
	}
	if k.variables, err = c.network.Variables(); err != nil {
		return nil, err
	}
	if k.folder, err = checkpoint.Open(c.checkpointFolder); err != nil {
		return nil, err
	}
	if c.resume {
		k.last, err = k.folder.Newest(func(content safetensors.File) (err error) {
			if k.saved, err = k.decode(content); err != nil {
				return err
			}
			return k.saved.check(c)
		}, func(file string, reason error) {
			c.logger.Warn("checkpoint set aside", "file", file, "reason", reason)
		})
	} else if files, listed := k.folder.Files(); listed != nil || len(files) > 0 {
		err = cmp.Or(listed, errors.New("a run has left checkpoints there: resume it, or use another folder"))
	}
	if err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// close lets other runs have the folder.
func (k *checkpoints) close() {
	if k != nil {
		_ = k.folder.Close() // the process's end does it too
	}
}

// lastGood is the newest checkpoint's file; "" for none.
func (k *checkpoints) lastGood() string {
	if k == nil {
		return ""
	}
	return k.last
}

func (k *checkpoints) encode(p *progress) (safetensors.File, error) {
	text, err := strictjson.Marshal(p, nullable...)
	if err != nil {
		return safetensors.File{}, err
	}
	f := safetensors.File{Metadata: map[string]string{checkpointKey: checkpointVersion, progressKey: string(text)}}
	if m := p.State.Metrics; len(m) > 0 {
		f.Tensors = append(f.Tensors, safetensors.Tensor{Name: metricsName, Shape: []int{len(m)}, Data: m})
	}
	for prefix, values := range p.tensors() {
		for _, v := range k.variables {
			if data, ok := (*values)[v.Name]; ok {
				f.Tensors = append(f.Tensors, safetensors.Tensor{Name: prefix + v.Name, Shape: v.Dims, Data: data})
			}
		}
	}
	slices.SortFunc(f.Tensors, func(a, b safetensors.Tensor) int { return strings.Compare(a.Name, b.Name) })
	return f, nil
}

// metricsName is the tensor of a snapshot's metrics.
const metricsName = "metrics"

// tensors are the snapshot's by the beginning of their names in a file.
func (p *progress) tensors() map[string]*map[string][]float32 {
	return map[string]*map[string][]float32{
		"variables/": &p.State.Variables, "velocities/": &p.State.Velocities, "averages/": &p.State.Averages,
	}
}

// decode is the progress in a file that is whole, if it is that of this run.
func (k *checkpoints) decode(f safetensors.File) (*progress, error) {
	if v := f.Metadata[checkpointKey]; v != checkpointVersion {
		return nil, fmt.Errorf("its format is %q, this version of the library reads %q", v, checkpointVersion)
	}
	p := &progress{}
	if err := strictjson.Unmarshal([]byte(f.Metadata[progressKey]), p, nullable...); err != nil {
		return nil, err
	}
	if differences := p.Run.differences(k.identity); len(differences) > 0 {
		return nil, fmt.Errorf("it is of another run: %s", strings.Join(shorten(differences), "; "))
	}
	for _, t := range f.Tensors {
		if t.Name == metricsName {
			p.State.Metrics = t.Data
			continue
		}
		kind, name, _ := strings.Cut(t.Name, "/")
		values := p.tensors()[kind+"/"]
		if values == nil || !slices.ContainsFunc(k.variables, func(v layers.Variable) bool { return v.Name == name }) {
			return nil, fmt.Errorf("tensor %q is not one of the run's", t.Name)
		}
		if *values == nil {
			*values = map[string][]float32{}
		}
		(*values)[name] = t.Data
	}
	return p, nil
}

// resume puts the run where its checkpoint was written.
func (r *run) resume() error {
	if r.checkpoints == nil || r.checkpoints.saved == nil {
		return nil
	}
	p := r.checkpoints.saved
	if err := r.trainer.Restore(p.State); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCheckpoint, r.checkpoints.last, err)
	}
	r.config.logger.Info("resumed", "checkpoint", r.checkpoints.last)
	r.history.change(func(h *Record) { h.ResumedFrom, h.Epochs = r.checkpoints.last, p.Epochs })
	r.watch.train, r.epochTrain = p.Train, p.EpochTrain
	r.started = r.started.Add(-p.Total)
	r.checkpoints.saved = nil // its memory
	return nil
}

// saveWhole writes a checkpoint after an epoch, if one is due.
func (r *run) saveWhole() error {
	if n := len(r.epochs()); r.checkpoints == nil || n%r.checkpoints.every != 0 && !r.ended() {
		return nil
	}
	return r.save(r.epochs(), 0)
}

// saveStopped writes a checkpoint of a run that ctx has stopped. What is not whole, or not tested yet, of the last
// epoch is left out of the history: the resumed run goes on with it.
func (r *run) saveStopped(ctx context.Context, epoch int) error {
	if r.checkpoints == nil || ctx.Err() == nil || len(r.epochs()) == 0 || r.diverged {
		return nil
	}
	var partial time.Duration
	for _, e := range r.epochs()[epoch-1:] {
		partial = e.TrainTime
	}
	return r.save(r.epochs()[:epoch-1], partial)
}

func (r *run) save(whole []Epoch, partial time.Duration) error {
	k := r.checkpoints
	state, err := r.trainer.Snapshot()
	if err != nil {
		return err
	}
	content, err := k.encode(&progress{Run: k.identity, Epochs: whole, Train: r.watch.train, EpochTrain: partial,
		Total: time.Since(r.started), State: state})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	path, err := k.folder.Save(state.Epoch, state.Steps, content)
	if path != "" {
		k.last = path
		r.config.logger.Info("checkpoint", "file", path)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return nil
}
