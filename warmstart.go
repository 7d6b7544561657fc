package fastresnet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
)

// WarmStart is what a run took from the model that it started from: see [WithInitialModel].
type WarmStart struct {
	// Recipe is the name of the recipe that made the model, Seed its run's, and Epochs how many whole epochs that took.
	Recipe string `json:"recipe"`
	Seed   uint64 `json:"seed"`
	Epochs int    `json:"epochs"`
	// Weights tells models apart: the beginning of their weights' SHA-256, in hexadecimal.
	Weights string `json:"weights"`
	// Taken are the names of the variables whose values are the model's, and Anew those that started anew.
	Taken []string `json:"taken"`
	Anew  []string `json:"anew,omitempty"`
}

// initialModel is a model as a run takes it: a copy on the host.
type initialModel struct {
	recipe        Recipe
	network       layers.Network
	classes       []string
	normalization data.Normalization
	values        map[string][]float32
	start         WarmStart // without what is taken, which depends on the run's network
}

// copyOf reads a model.
func copyOf(m *Model) (*initialModel, error) {
	if err := m.made(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.evaluator == nil {
		return nil, ErrClosed
	}
	values, err := m.evaluator.Weights().Values()
	if err != nil {
		return nil, err
	}
	if !engine.Finite(values) {
		return nil, fmt.Errorf("%w: its weights are not finite", ErrDiverged)
	}
	record := m.history.known()
	i := &initialModel{
		recipe: record.Recipe, network: m.network, classes: m.classes, normalization: m.normalization, values: values,
		start: WarmStart{Recipe: record.Recipe.Name, Seed: record.Seed},
	}
	for _, e := range record.Epochs {
		if !e.Partial {
			i.start.Epochs++
		}
	}
	i.start.Weights, err = i.fingerprint()
	return i, err
}

// fingerprint is the beginning of the SHA-256 of the weights, in the order of the network.
func (i *initialModel) fingerprint() (string, error) {
	variables, err := i.network.Variables()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, v := range variables {
		addTo(sum, i.values[v.Name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

func addTo(sum hash.Hash, values []float32) {
	buffer := make([]byte, 0, 4*len(values))
	for _, v := range values {
		buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
	}
	sum.Write(buffer)
}

// startFrom has the run's network start with the values of the initial model, if there is one. The error names what
// does not fit.
func (c *config) startFrom(classes []string) error {
	if c.initial == nil || c.network == nil {
		return nil
	}
	variables, err := c.network.Variables()
	if err != nil {
		return err
	}
	theirs, err := c.initial.network.Variables()
	if err != nil {
		return err
	}
	dims := map[string][]int{}
	for _, v := range theirs {
		dims[v.Name] = v.Dims
	}
	start := c.initial.start
	c.values = map[string][]float32{}
	var misfits []string
	for _, v := range variables {
		had, has := dims[v.Name]
		delete(dims, v.Name)
		switch {
		case v.Layer() == c.network.ClassifierName() && !slices.Equal(classes, c.initial.classes):
			start.Anew = append(start.Anew, v.Name)
		case !has:
			misfits = append(misfits, fmt.Sprintf("the model has no %s", v.Name))
		case !slices.Equal(had, v.Dims):
			misfits = append(misfits, fmt.Sprintf("%s is %v in the model, %v in the network", v.Name, had, v.Dims))
		default:
			start.Taken = append(start.Taken, v.Name)
			c.values[v.Name] = c.initial.values[v.Name]
		}
	}
	for _, v := range theirs {
		if _, left := dims[v.Name]; left {
			misfits = append(misfits, fmt.Sprintf("the network has no %s", v.Name))
		}
	}
	if len(misfits) > 0 {
		return fmt.Errorf("the initial model, %q, does not fit the network, %q: %s", c.initial.network.Name, c.network.Name, strings.Join(shorten(misfits), "; "))
	}
	c.warmStart = &start
	return nil
}

// normalization is the training set's, or that which the initial model knows.
func (c *config) normalization() data.Normalization {
	if c.initial != nil {
		return c.initial.normalization
	}
	return c.train.Normalization()
}
