package fastresnet

// WarmStart is what a run took from the model that it started from: see [WithInitialModel].
type WarmStart struct {
	// Recipe is the name of the recipe that made the model, Seed its run's, and Epochs after how many whole epochs the model had
	// these weights.
	Recipe string `json:"recipe"`
	Seed   uint64 `json:"seed"`
	Epochs int    `json:"epochs"`
	// Fingerprint tells models apart: the beginning of their weights' SHA-256, in hexadecimal.
	Fingerprint string `json:"fingerprint"`
	// Taken are the names of the variables whose values are the model's, and Anew those that started anew.
	Taken []string `json:"taken,omitempty"`
	Anew  []string `json:"anew,omitempty"`
}
