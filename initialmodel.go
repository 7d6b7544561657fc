package fastresnet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// initialModel is a model as runs take it: a copy on the host, which they leave as it is.
type initialModel struct {
	recipe        Recipe
	network       layers.Network
	classes       []string
	normalization data.Normalization
	resizing      data.Resizing
	values        map[string][]float32
	start         WarmStart // without what is taken, which depends on the run's network
}

// copyOf reads a model.
func copyOf(m *Model) (i *initialModel, err error) {
	defer guard(&err)
	if err := m.made(); err != nil {
		return nil, err
	}
	values, err := m.weights()
	if err != nil {
		return nil, err
	}
	record := m.history.known()
	i = &initialModel{
		recipe: record.Recipe, network: m.network, classes: m.classes, normalization: m.normalization, resizing: m.resizing, values: values,
		start: WarmStart{Recipe: record.Recipe.Name, Seed: record.Seed, Epochs: record.BestEpoch},
	}
	for _, e := range record.Epochs {
		if record.BestEpoch == 0 && !e.Partial {
			i.start.Epochs++
		}
	}
	i.start.Fingerprint, err = i.fingerprint()
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
