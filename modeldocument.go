package fastresnet

import (
	"fmt"
	"strconv"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/classnames"
	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/fastresnet/fastresnet/layers"
)

// A model's file is a safetensors file (docs/models.md): tensors (modeltensors.go), and in the metadata the format's
// version and a modelDocument. The version counts up when a file's meaning changes in a way that older readers would get
// wrong: a file has the lowest version that says what it means. plainFormat is float32, with the last step's weights
// where the others are averages; narrowFormat has those never, and may have tensors in less than float32.
const (
	formatKey, plainFormat, narrowFormat = "fastresnet", 2, 3
	modelKey                             = "model"
)

// modelDocument is all of a model's file but the tensors.
type modelDocument struct {
	Network       layers.Network     `json:"network"`
	Classes       []string           `json:"classes"`
	Normalization data.Normalization `json:"normalization"`
	Resizing      data.Resizing      `json:"resizing,omitempty"`
	Threshold     float64            `json:"threshold,omitempty"`
	TestViews     TestViews          `json:"test_views"`
	Record        *Record            `json:"result"`
}

// readDocument takes the format's version and the document from a file's metadata.
func readDocument(metadata map[string]string) (version int, doc modelDocument, err error) {
	number, ours := metadata[formatKey]
	text, isModel := metadata[modelKey]
	if _, ok := metadata[checkpointKey]; ok {
		return 0, doc, fmt.Errorf("%w: it is a checkpoint: resume its run, and save the model", ErrForeign)
	}
	if !ours {
		return 0, doc, fmt.Errorf("%w: its metadata have no %q", ErrForeign, formatKey)
	}
	version, err = strconv.Atoi(number)
	switch {
	case err != nil || version < 1 || number != strconv.Itoa(version):
		return 0, doc, fmt.Errorf("%w: format version %q", ErrCorrupt, number)
	case version > narrowFormat:
		return 0, doc, fmt.Errorf("%w: its format has version %d, and this version of the library reads up to %d: update it with go get github.com/fastresnet/fastresnet@latest", ErrNewer, version, narrowFormat)
	case version < plainFormat:
		return 0, doc, fmt.Errorf("%w: its format has version %d, of an earlier version of the library, and this one reads %d and %d: train the model again", ErrForeign, version, plainFormat, narrowFormat)
	case !isModel:
		return 0, doc, fmt.Errorf("%w: it holds no model", ErrForeign)
	}
	if err := strictjson.Unmarshal([]byte(text), &doc, nullable...); err != nil {
		return 0, doc, fmt.Errorf("%w: the description of the model: %w", ErrCorrupt, err)
	}
	return version, doc, doc.check()
}

// check reports a document that makes no sense, whoever made the file's checksum.
func (d modelDocument) check() error {
	if _, err := d.Network.Plan(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if n := d.Network.Parameters(); n > maxParameters {
		return fmt.Errorf("%w: the network has %d parameters, need no more than %d", ErrTooLarge, n, maxParameters)
	}
	if n := d.Network.Classes(); n != len(d.Classes) {
		return fmt.Errorf("%w: %d names for the network's %d classes", ErrCorrupt, len(d.Classes), n)
	}
	if err := classnames.Check(d.Classes); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := d.Normalization.Validate(d.Network.Input.Channels); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if !(d.Threshold >= 0 && d.Threshold <= 1) {
		return fmt.Errorf("%w: a threshold of %g", ErrCorrupt, d.Threshold)
	}
	if err := d.Resizing.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if d.Record == nil {
		return fmt.Errorf("%w: it has no result of a run", ErrCorrupt)
	}
	if !d.TestViews.known() || d.TestViews != d.Record.Recipe.TestViews {
		return fmt.Errorf("%w: test views %q, those of the recipe %q", ErrCorrupt, d.TestViews, d.Record.Recipe.TestViews)
	}
	if err := d.TestViews.show(d.Network.Input); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if w := d.Record.Weights; w != LastWeights && w != AveragedWeights && w != MeanWeights {
		return fmt.Errorf("%w: weights %q, want %q, %q or %q", ErrCorrupt, w, LastWeights, AveragedWeights, MeanWeights)
	}
	if b := d.Record.Recipe.BatchSize; b < 1 {
		return fmt.Errorf("%w: batch size %d", ErrCorrupt, b)
	}
	return nil
}
