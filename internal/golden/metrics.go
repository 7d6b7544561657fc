package golden

import (
	_ "embed" // for metrics.json
	"encoding/json"
)

// Metrics are random predictions for images of some classes, and what scikit-learn and PyTorch make of them.
type Metrics struct {
	Labels        []int       `json:"labels"`
	Logits        [][]float32 `json:"logits"`
	Probabilities [][]float64 `json:"probabilities"`

	Confusion [][]int   `json:"confusion"`
	Precision []float64 `json:"precision"`
	Recall    []float64 `json:"recall"`
	F1        []float64 `json:"f1"`
	Support   []int     `json:"support"`
	Accuracy  float64   `json:"accuracy"`
	LogLoss   float64   `json:"log_loss"`
	Top       []float64 `json:"top"` // of the 1, 2 and so on most probable classes
	// BalancedWeights are those of the classes that there are images of.
	BalancedWeights []float64 `json:"balanced_weights"`
	// ClassWeights are those of the losses Weighted, by label smoothing: of the sum over the images.
	ClassWeights []float32 `json:"class_weights"`
	Weighted     map[string]struct {
		Loss     float64   `json:"loss"`
		Gradient []float32 `json:"gradient"`
	} `json:"weighted"`

	// Images are four of 4x6x2, which are mixed by Choices with the next one each: see data.Mixing. Mixed has by its kind
	// what comes out, and the loss, with a label smoothing of 0.1, of the first four rows of logits.
	Images  []float32 `json:"images"`
	Choices [][]int32 `json:"choices"`
	Mixed   map[string]struct {
		Images   []float32 `json:"images"`
		Shares   []float32 `json:"shares"`
		Loss     float64   `json:"loss"`
		Gradient []float32 `json:"gradient"`
	} `json:"mixed"`
}

//go:embed testdata/metrics.json
var metrics []byte

// LoadMetrics reads the values of metrics.py.
func LoadMetrics() (m Metrics, err error) { return m, json.Unmarshal(metrics, &m) }
