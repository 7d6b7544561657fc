package fastresnet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// named is one of [fastresnet.Recipes].
func named(t *testing.T, name string) fastresnet.Recipe {
	t.Helper()
	r, err := fastresnet.RecipeByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Images of MNIST's size, and others that no stage halves exactly, suit every recipe.
func TestRecipesTakeOddSizes(t *testing.T) {
	for _, r := range fastresnet.Recipes() {
		for _, shape := range []data.Shape{{Height: 28, Width: 28, Channels: 1}, {Height: 30, Width: 30, Channels: 3}, {Height: 25, Width: 47, Channels: 3}} {
			if _, err := r.Design.Build(shape, 10); err != nil {
				t.Errorf("%s on %v: %v", r.Name, shape, err)
			}
		}
	}
}

// TestLadder holds every rung to its line in the source: batch, epochs, published figures, and the learning
// rate at the knots and half-way between them.
func TestLadder(t *testing.T) {
	type rates map[float64]float64
	tests := []struct {
		name              string
		batch, epochs     int
		accuracy, seconds float64
		rates             rates
	}{
		{"dawn-found", 128, 35, 0, 356, rates{0: 0, 7.5: 0.05, 15: 0.1, 22.5: 0.0525, 30: 0.005, 32.5: 0.0025, 35: 0}},
		{"dawn-tidy", 128, 35, 0, 323, rates{0: 0, 7.5: 0.05, 15: 0.1, 22.5: 0.0525, 30: 0.005, 32.5: 0.0025, 35: 0}},
		{"dawn-once", 128, 35, 0, 308, rates{0: 0, 7.5: 0.05, 15: 0.1, 22.5: 0.0525, 30: 0.005, 32.5: 0.0025, 35: 0}},
		{"dawn-bulk", 128, 35, 0.941, 297, rates{0: 0, 7.5: 0.05, 15: 0.1, 22.5: 0.0525, 30: 0.005, 32.5: 0.0025, 35: 0}},
		{"dawn-512", 512, 35, 0.941, 256, rates{0: 0, 7.5: 0.22, 15: 0.44, 22.5: 0.2225, 30: 0.005, 32.5: 0.0025, 35: 0}},
		{"dawn-norm32", 512, 35, 0.94, 186, rates{0: 0, 7.5: 0.22, 15: 0.44, 22.5: 0.2225, 30: 0.005, 32.5: 0.0025, 35: 0}},
		{"dawn-cutout", 512, 30, 0.941, 161, rates{0: 0, 4: 0.2, 8: 0.4, 19: 0.2, 30: 0}},
		{"dawn-768", 768, 30, 0.94, 154, rates{0: 0, 4: 0.3, 8: 0.6, 19: 0.3, 30: 0}},
		{"shortest-path", 512, 20, 0.559, 36, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"plain-1x1", 512, 20, 0.56, 32, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"plain-3x3", 512, 20, 0.856, 36, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"plain-pool", 512, 20, 0.897, 43, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"wide-end", 512, 20, 0.907, 47, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"backbone", 512, 20, 0.911, 47, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"backbone-wide", 512, 60, 0.935, 321, rates{0: 0, 6: 0.2, 12: 0.4, 36: 0.2, 60: 0}},
		{"backbone-deep", 512, 60, 0.95, 180, rates{0: 0, 6: 0.2, 12: 0.4, 36: 0.2, 60: 0}},
		{"resnet9-20", 512, 20, 0.938, 66, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"resnet9-24", 512, 24, 0.9408, 79, rates{0: 0, 2.5: 0.2, 5: 0.4, 14.5: 0.2, 24: 0}},
		{"device-data", 512, 24, 0.941, 70, rates{0: 0, 2.5: 0.2, 5: 0.4, 14.5: 0.2, 24: 0}},
		{"early-pool", 512, 25, 0.941, 64, rates{0: 0, 2.5: 0.2, 5: 0.4, 15: 0.2, 25: 0}},
		{"smooth-labels", 512, 23, 0.941, 59, rates{0: 0, 2.3: 0.2, 4.6: 0.4, 13.8: 0.2, 23: 0}},
		{"celu", 512, 20, 0.941, 52, rates{0: 0, 2: 0.2, 4: 0.4, 12: 0.2, 20: 0}},
		{"ghost-norm", 512, 18, 0.941, 46, rates{0: 0, 1.8: 0.3, 3.6: 0.6, 10.8: 0.3, 18: 0}},
		{"frozen-scales", 512, 17, 0.941, 43, rates{0: 0, 1.7: 0.3, 3.4: 0.6, 10.2: 0.3, 17: 0}},
		{"whitening", 512, 15, 0.941, 39, rates{0: 0, 1.5: 0.3, 3: 0.6, 9: 0.3, 15: 0}},
		{"averaging", 512, 13, 0.941, 34, rates{0: 0, 1.3: 0.5, 2.6: 1, 6.8: 0.55, 11: 0.1, 12: 0.1, 13: 0.1}},
		{"flip-test", 512, 10, 0.941, 26, rates{0: 0, 1: 0.5, 2: 1, 5: 0.55, 8: 0.1, 9: 0.1, 10: 0.1}},
		{"long", 512, 80, 0.961, 0, rates{0: 0, 8: 0.2, 16: 0.4, 47: 0.22, 78: 0.04, 79: 0.04, 80: 0.04}},
	}
	recipes := fastresnet.Ladder()
	if len(recipes) != len(tests) {
		t.Fatalf("%d rungs, want %d", len(recipes), len(tests))
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := recipes[i]
			if r.Name != tt.name || r.BatchSize != tt.batch || r.Epochs != tt.epochs || r.Description == "" {
				t.Errorf("rung %d is %s (%q), batch %d, %d epochs", i+1, r.Name, r.Description, r.BatchSize, r.Epochs)
			}
			if want := (fastresnet.Published{Accuracy: tt.accuracy, Seconds: tt.seconds, Hardware: "V100"}); r.Published != want {
				t.Errorf("published %v, want %v", r.Published, want)
			}
			if want := (fastresnet.Nesterov{Momentum: 0.9, WeightDecay: 5e-4}); r.Optimizer != want {
				t.Errorf("optimizer %+v, want %+v", r.Optimizer, want)
			}
			got := rates{}
			for epoch := range tt.rates {
				got[epoch] = r.Schedule.At(epoch)
			}
			if diff := cmp.Diff(tt.rates, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("rates (-want +got):\n%s", diff)
			}
			if _, err := r.Design.Build(data.Shape{Height: 32, Width: 32, Channels: 3}, 10); err != nil {
				t.Error(err)
			}
			if byName, err := fastresnet.RecipeByName(tt.name); err != nil || !cmp.Equal(r, byName) {
				t.Errorf("by name: %v, %v", byName.Name, err)
			}
		})
	}
	for name, hint := range map[string]string{
		"nonsense": "", "a": "", "": "", "ghost": " (did you mean ghost-norm?)",
		"resnet9": " (did you mean resnet9-20 or resnet9-24?)", "ResNet9_24": " (did you mean resnet9-24?)", "resnet9-25": " (did you mean resnet9-20 or resnet9-24?)",
		"airbench-94-2025": " (did you mean airbench94-2025?)", "plain-2x2": " (did you mean plain-1x1 or plain-3x3?)", "cellu": " (did you mean celu?)",
		"airbench": " (did you mean airbench94-muon or airbench94-2025 or airbench96 or airbench96-faster?)", "pl": "",
	} {
		want := fmt.Sprintf("invalid option: recipe %q is unknown%s, want one of: dawn-found, ", name, hint)
		if _, err := fastresnet.RecipeByName(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want it to begin %q", err, want)
		}
	}
	if _, err := fastresnet.RecipeByName("nonsense"); !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), "dawn-found, dawn-tidy") {
		t.Errorf("an unknown recipe: %v, want ErrOption and the names", err)
	}
}

// TestRungsChangeWhatTheySay lists all that differs between two neighbours, but for names, figures, epochs and
// schedules: each step is the switches that the source turned, and nothing else.
func TestRungsChangeWhatTheySay(t *testing.T) {
	cutout := func(side int) data.Augmentation { return data.Cutout{Height: side, Width: side} }
	stages := func(r *fastresnet.Recipe, change func(*layers.Stage)) {
		for i := range r.Design.Stages {
			change(&r.Design.Stages[i])
		}
	}
	want := []func(*fastresnet.Recipe){
		2: func(r *fastresnet.Recipe) { r.Design.BareStem = true },
		3: func(r *fastresnet.Recipe) { r.Loading = data.LoadPerImage },
		4: func(r *fastresnet.Recipe) { r.Loading = data.LoadInBulk },
		5: func(r *fastresnet.Recipe) { r.BatchSize = 512 },
		6: func(r *fastresnet.Recipe) { r.Design.Norm.LowPrecision = false },
		7: func(r *fastresnet.Recipe) { r.Augmentations = append(r.Augmentations, cutout(8)) },
		8: func(r *fastresnet.Recipe) { r.BatchSize = 768 },
		9: func(r *fastresnet.Recipe) {
			r.BatchSize = 512
			stages(r, func(s *layers.Stage) { s.Block = layers.BlockShortest })
		},
		10: nil, // another kind of network
		11: func(r *fastresnet.Recipe) { stages(r, func(s *layers.Stage) { s.Kernel = 3 }) },
		12: func(r *fastresnet.Recipe) { stages(r, func(s *layers.Stage) { s.Down = layers.DownPool }) },
		13: func(r *fastresnet.Recipe) { r.Design.Stages[2].Channels = 8; r.Design.MeanPool = false },
		14: func(r *fastresnet.Recipe) {
			r.Design.Norm.RandomScale, r.Design.ClassifierBias, r.Design.LogitScale = false, false, 0.125
		},
		15: func(r *fastresnet.Recipe) { r.Design.Width = 128 },
		16: func(r *fastresnet.Recipe) {
			r.Design.Width, r.Augmentations[2] = 64, cutout(12)
			stages(r, func(s *layers.Stage) { s.Extra = 1 })
		},
		17: func(r *fastresnet.Recipe) {
			r.Augmentations[2] = cutout(8)
			stages(r, func(s *layers.Stage) { s.Extra, s.Kernel = 0, 0 })
			r.Design.Stages[0].Residual, r.Design.Stages[2].Residual = true, true
		},
		18: func(r *fastresnet.Recipe) { r.KeepIncompleteBatch = false },
		19: func(*fastresnet.Recipe) {},
		20: func(r *fastresnet.Recipe) { r.Design.PoolAt = layers.PoolBeforeNorm },
		21: func(r *fastresnet.Recipe) { r.LabelSmoothing = 0.2 },
		22: func(r *fastresnet.Recipe) { r.Design.Activation = layers.Activation{Kind: "celu", Alpha: 0.075} },
		23: func(r *fastresnet.Recipe) { r.Design.Norm.Groups = 16 },
		24: func(r *fastresnet.Recipe) {
			r.Design.Norm.FrozenScale, r.Design.Activation.Alpha, r.Design.LogitScale = true, 0.3, 0.0625
			r.Groups = []fastresnet.VariableGroup{{Variables: layers.KindBiases, RateFactor: 64, Optimizer: fastresnet.Nesterov{Momentum: 0.9, WeightDecay: 0.0005 * 0.015625}}}
		},
		25: func(r *fastresnet.Recipe) {
			r.Design.Whitening = &layers.WhiteningSettings{Kernel: 3, Epsilon: 0.01, Images: 10_000}
		},
		26: func(r *fastresnet.Recipe) {
			r.Averaging, r.Augmentations[2] = fastresnet.Averaging{Every: 5, Decay: 0.99}, cutout(5)
		},
		27: func(r *fastresnet.Recipe) { r.TestViews, r.Augmentations = fastresnet.FlipViews, r.Augmentations[:2] },
		28: func(r *fastresnet.Recipe) { r.Augmentations = append(r.Augmentations, cutout(12)) },
	}
	recipes := fastresnet.Ladder()
	for rung := 2; rung <= len(recipes); rung++ {
		if want[rung] == nil {
			continue
		}
		before, after := recipes[rung-2].Clone(), recipes[rung-1].Clone()
		want[rung](&before)
		ignored := cmp.Options{
			cmpopts.IgnoreFields(fastresnet.Recipe{}, "Name", "Description", "Published", "Epochs", "Schedule"),
			cmpopts.IgnoreFields(layers.Design{}, "Name"),
		}
		if diff := cmp.Diff(before, after, ignored); diff != "" {
			t.Errorf("rung %d, %s (-want +got):\n%s", rung, after.Name, diff)
		}
	}
}

// TestRecipeJSON writes every recipe, and some of other networks, and reads it back.
func TestRecipeJSON(t *testing.T) {
	stem, block := fastresnet.ResNet9Epochs24(), fastresnet.ResNet9Epochs24()
	stem.Name, stem.Design = "a design without stages", layers.Design{Name: "stem", Width: 2}
	network := doubling()
	block.Name, block.Design, block.Network = "a block whose branch is empty", layers.Design{}, &network
	for _, r := range append(fastresnet.Recipes(), stem, block) {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		var got fastresnet.Recipe
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v\n%s", r.Name, err, text)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("%s after a round trip (-want +got):\n%s", r.Name, diff)
		}
	}
}

func TestRecipeJSONErrors(t *testing.T) {
	valid, err := json.Marshal(fastresnet.ResNet9Epochs24())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, old, new string // of the valid text
		says           string
	}{
		{"unknown field", `"momentum"`, `"momentun"`, "momentun"},
		{"unknown field of the network", `"width"`, `"breadth"`, "breadth"},
		{"unknown field of a stage", `"residual"`, `"leftover"`, "leftover"},
		{"unknown field of a knot", `"rate"`, `"speed"`, "speed"},
		{"unknown augmentation", `"flip_lr"`, `"flip_ud"`, "flip_ud"},
		{"unknown field of an augmentation", `"pad"`, `"padding"`, "padding"},
		{"text for a number", `"batch_size":512`, `"batch_size":"512"`, "batch_size"},
		{"a value that no run can use", `"batch_size":512`, `"batch_size":0`, "batch size 0"},
		{"a network that cannot be", `"width":64`, `"width":-1`, "width -1"},
		{"a convolution that cannot be", `"channels":2`, `"channels":2,"kernel":5`, "stage 1: kernel 5, want 1 or 3"},
		{"too many channels by the width", `"channels":8`, `"channels":1025`, "stage 3: channels 1025 times the width, need 1 to 1024"},
		{"an activation that cannot be", `"stages":`, `"activation":{"kind":"celu"},"stages":`, `activation "celu": alpha 0`},
		{"norms that cannot be", `"stages":`, `"norm":{"groups":-1},"stages":`, "-1 groups"},
		{"a whitening that cannot be", `"stages":`, `"whitening":{"kernel":3,"epsilon":0,"images":0},"stages":`, "0 images"},
		{"a rate beyond float32", `"rate":0}`, `"rate":1e39}`, "a rate of 1e+39"},
		{"other letters", `"batch_size"`, `"Batch_Size"`, "Batch_Size"},
		{"other letters beside the right ones", `"batch_size":512`, `"batch_size":512,"Batch_Size":64`, "Batch_Size"},
		{"a letter that folds to the right one", `"batch_size":512`, `"batch_size":512,"batch_ſize":64`, "batch_ſize"},
		{"a field twice", `"batch_size":512`, `"batch_size":512,"batch_size":64`, "twice"},
		{"a field of a stage twice", `"residual":true`, `"residual":true,"residual":false`, "twice"},
		{"an unknown optimizer", `"nesterov":`, `"adam":`, `optimizer "adam", want one of: muon, nesterov, sgd`},
		{"two optimizers", `"nesterov":{`, `"muon":{"momentum":0.6},"nesterov":{`, `an optimizer of the kinds ["muon" "nesterov"], want one of: muon, nesterov, sgd`},
		{"a setting of another optimizer", `"nesterov":{`, `"nesterov":{"polynomial":[1,2,3],`, "nesterov: json: unknown field \"polynomial\""},
		{"no optimizer", `"optimizer":`, `"optimiser":`, "optimiser"},
		{"an unknown field of an average", `"optimizer":`, `"averaging":{"every":5,"decay":0.9,"ahead":true},"optimizer":`, "ahead"},
		{"a negative power of an average", `"optimizer":`, `"averaging":{"every":5,"decay":0.9,"power":-1},"optimizer":`, "averaging power -1"},
		{"lookahead without an average", `"optimizer":`, `"averaging":{"every":0,"decay":0,"lookahead":true},"optimizer":`, "every 0 steps"},
		{"null", `"batch_size":512`, `"batch_size":null`, "batch_size: null"},
		{"null for a list", `"augmentations":[`, `"groups":null,"augmentations":[`, "groups: null"},
		{"cut short", `}]}`, ``, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(string(valid), test.old, test.new, 1)
			if test.new == "" {
				text = string(valid[:len(valid)/2])
			} else if text == string(valid) {
				t.Fatalf("%s is not in %s", test.old, valid)
			}
			before := named(t, "resnet9-20")
			err := json.Unmarshal([]byte(text), &before)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v, want %q in it", err, test.says)
			}
			if test.new != "" && !errors.Is(err, fastresnet.ErrOption) {
				t.Errorf("the error is %v, want ErrOption", err)
			}
			if !cmp.Equal(before, named(t, "resnet9-20")) {
				t.Error("a recipe that could not be read was changed")
			}
		})
	}
}

// A user's own augmentation has no name in JSON.
func TestRecipeWithOwnAugmentation(t *testing.T) {
	r := fastresnet.ResNet9Epochs24()
	r.Augmentations = append(r.Augmentations, own{})
	if _, err := json.Marshal(r); !errors.Is(err, data.ErrAugmentation) {
		t.Errorf("the error is %v, want ErrAugmentation", err)
	}
}

type own struct{ data.FlipLR }

func (own) Draw(rng *rand.Rand, n int, image data.Shape) []int32 {
	return data.FlipLR{}.Draw(rng, n, image)
}
