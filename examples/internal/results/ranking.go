package results

import "github.com/fastresnet/fastresnet"

// Class is how probable a model finds one of its classes, with as many digits as a network's numbers have.
type Class struct {
	Class       int     `json:"class"`
	Label       string  `json:"label"`
	Probability float32 `json:"probability"`
}

// Ranking is the n most probable classes of a prediction, the best first.
func Ranking(p fastresnet.Prediction, n int) []Class {
	var classes []Class
	for _, c := range p.Top(n) {
		classes = append(classes, Class{c.Class, c.Label, float32(c.Probability)})
	}
	return classes
}
