package fastresnet

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/checkpoint"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/safetensors"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
)

// checkpoints are the checkpoints of a run.
type checkpoints struct {
	folder    *checkpoint.Folder
	every     int // epochs
	identity  identity
	variables []layers.Variable
	selector  []layers.Variable // the small network's of a [Selection]; nil for none
	// last is the newest that is known to be good; "" before the first.
	last string
	// saved is what the run goes on from; nil for nothing.
	saved *savedRun
}

// The metadata of a checkpoint: the version of its format, and the saved run as JSON.
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

func findCheckpoints(c *config) (found *checkpoints, err error) {
	k := &checkpoints{every: c.checkpointEvery}
	if k.identity, err = c.identity(); err != nil {
		return nil, err
	}
	if k.variables, err = c.network.Variables(); err != nil {
		return nil, err
	}
	if c.selector != nil {
		if k.selector, err = c.selector.Variables(); err != nil {
			return nil, err
		}
	}
	if err = k.writable(); err != nil {
		return nil, err
	}
	if k.folder, err = checkpoint.Open(c.checkpointFolder); err != nil {
		return nil, err
	}
	defer func() {
		if found == nil { // or the logger has panicked
			k.close()
		}
	}()
	if c.resume {
		k.last, err = k.folder.Newest(func(r io.Reader) (err error) {
			if k.saved, err = k.decode(r); err != nil {
				return err
			}
			return k.saved.check(c)
		}, func(file string, reason error) {
			c.logger.Warn("checkpoint set aside", "file", file, "reason", reason)
		})
	} else if files, listed := checkpoint.Files(c.checkpointFolder); listed != nil || len(files) > 0 {
		err = cmp.Or(listed, errors.New("a run has left checkpoints there: resume it (WithResume), or use another folder"))
	}
	if err != nil {
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

// writable reports a run that no checkpoint can hold, even before its first step.
func (k *checkpoints) writable() error {
	content, err := k.encode(&savedRun{Run: k.identity})
	if err != nil {
		return err
	}
	return safetensors.Write(io.Discard, content)
}

func (k *checkpoints) encode(s *savedRun) (safetensors.File, error) {
	text, err := strictjson.Marshal(s, nullable...)
	if err != nil {
		return safetensors.File{}, err
	}
	f := safetensors.File{Metadata: map[string]string{checkpointKey: checkpointVersion, progressKey: string(text)}}
	for name, metrics := range s.metrics() {
		if m := *metrics; len(m) > 0 {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: name, Shape: []int{len(m)}, Data: m})
		}
	}
	for prefix, values := range s.tensors() {
		for _, v := range k.variablesOf(prefix) {
			if data, ok := (*values)[v.Name]; ok {
				f.Tensors = append(f.Tensors, safetensors.Tensor{Name: prefix + v.Name, Shape: v.Dims, Data: data})
			}
		}
	}
	slices.SortFunc(f.Tensors, func(a, b safetensors.Tensor) int { return strings.Compare(a.Name, b.Name) })
	return f, nil
}

// variablesOf are those that tensors are of whose names begin so.
func (k *checkpoints) variablesOf(prefix string) []layers.Variable {
	if strings.HasPrefix(prefix, ofSelector) {
		return k.selector
	}
	return k.variables
}

// decode reads the saved run from a file, if the file is of this run.
func (k *checkpoints) decode(r io.Reader) (*savedRun, error) {
	s := &savedRun{}
	f, err := safetensors.Read(r, func(head safetensors.File) error { return k.accept(s, head) })
	if err != nil {
		return nil, err
	}
	for _, t := range f.Tensors {
		if metrics := s.metrics()[t.Name]; metrics != nil {
			*metrics = t.Data
			continue
		}
		kind, name, _ := strings.Cut(t.Name, "/")
		values := s.tensors()[kind+"/"]
		if *values == nil {
			*values = map[string][]float32{}
		}
		(*values)[name] = t.Data
	}
	return s, nil
}

// accept takes the saved run from a file whose values have not been read, if it is of this run and all its tensors are.
func (k *checkpoints) accept(s *savedRun, head safetensors.File) error {
	if v := head.Metadata[checkpointKey]; v != checkpointVersion {
		return fmt.Errorf("its format is %q, this version of the library reads %q", v, checkpointVersion)
	}
	if err := strictjson.Unmarshal([]byte(head.Metadata[progressKey]), s, nullable...); err != nil {
		return err
	}
	if differences := s.Run.differences(k.identity); len(differences) > 0 {
		return fmt.Errorf("it is of another run: %s: %s", s.Run.describe(differences, k.identity, "%s was %s, is %s"), remedy(differences))
	}
	shapes := k.shapes(s)
	for _, t := range head.Tensors {
		shape, is := shapes[t.Name]
		switch {
		case !is:
			return fmt.Errorf("tensor %q is not one of the run's", t.Name)
		case t.Type != safetensors.F32:
			return fmt.Errorf("tensor %q is %v, want %v", t.Name, t.Type, safetensors.F32)
		case !slices.Equal(t.Shape, shape):
			return fmt.Errorf("tensor %q has the shape %v, want %v", t.Name, t.Shape, shape)
		}
	}
	return nil
}

// shapes are those of the tensors that a checkpoint of this run may have, by name.
func (k *checkpoints) shapes(s *savedRun) map[string][]int {
	shapes := map[string][]int{}
	for name := range s.metrics() {
		shapes[name] = []int{engine.NumMetrics}
	}
	for prefix := range s.tensors() {
		for _, v := range k.variablesOf(prefix) {
			shapes[prefix+v.Name] = v.Dims
		}
	}
	return shapes
}
