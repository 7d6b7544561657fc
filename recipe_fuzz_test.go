package fastresnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/fastresnet/fastresnet"
)

// FuzzRecipe reads a recipe and takes a step by it: it is refused, with an error that wraps a sentinel, or it runs.
func FuzzRecipe(f *testing.F) {
	for _, r := range fastresnet.Recipes() {
		r.Design.Width = 2
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	set := synthetic(f, 32, 1)
	f.Fuzz(func(t *testing.T, text string) {
		var r fastresnet.Recipe
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		result, err := fastresnet.Train(ctx, fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
			fastresnet.WithRecipe(r), fastresnet.WithBatchSize(16), fastresnet.WithMemoryLimit(64<<20),
			fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { cancel() }}))
		if result != nil {
			result.Model.Close()
		}
		for _, want := range []error{nil, context.Canceled, fastresnet.ErrOption, fastresnet.ErrMemory, fastresnet.ErrDiverged} {
			if errors.Is(err, want) {
				return
			}
		}
		t.Errorf("%s\n%v", text, err)
	})
}
