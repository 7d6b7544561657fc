package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/google/go-cmp/cmp"
)

// read parses a study.
func read(t *testing.T, text string) *study {
	t.Helper()
	s, err := parseStudy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// words are configurations in words, with the settings that vary.
func words(s *study) (all []string) {
	for _, c := range s.configurations {
		all = append(all, c.of(s.varied()).String())
	}
	return all
}

func TestConfigurations(t *testing.T) {
	for _, test := range []struct {
		name, study string
		want        []string
	}{
		{"seeds alone", `{"settings": {"recipe": "resnet9-24"}, "seeds": {"count": 3}}`, []string{""}},
		{
			"a grid", `{"settings": {"recipe": "resnet9-24"}, "grid": {"width": [8, 16], "optimizer.nesterov.momentum": [0.8, 0.9]}}`,
			[]string{
				"optimizer.nesterov.momentum 0.8, width 8", "optimizer.nesterov.momentum 0.8, width 16", "optimizer.nesterov.momentum 0.9, width 8", "optimizer.nesterov.momentum 0.9, width 16",
			},
		},
		{"recipes", `{"grid": {"recipe": ["resnet9-24", "flip-test"]}}`, []string{"recipe resnet9-24", "recipe flip-test"}},
		{"values twice", `{"settings": {"recipe": "resnet9-24"}, "grid": {"width": [8, 8]}}`, []string{"width 8"}},
		{
			"a sample with a grid",
			`{"settings": {"recipe": "resnet9-24"}, "grid": {"width": [8, 16]}, "sample": {"count": 2, "seed": 1, "settings": {"label_smoothing": {"from": 0.1, "to": 0.3}}}}`,
			[]string{"label_smoothing 0.148, width 8", "label_smoothing 0.148, width 16", "label_smoothing 0.2, width 8", "label_smoothing 0.2, width 16"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, words(read(t, test.study))); diff != "" {
				t.Errorf("configurations (-want +got):\n%s", diff)
			}
		})
	}
}

// A larger sample begins with the smaller one, and draws lie where they should.
func TestSample(t *testing.T) {
	const study = `{"settings": {"recipe": "resnet9-24"}, "sample": {"count": COUNT, "seed": 7, "settings": {
		"peak_rate": {"from": 0.01, "to": 1, "log": true}, "batch_size": [64, 128]}}}`
	few := read(t, strings.Replace(study, "COUNT", "10", 1)).configurations
	many := read(t, strings.Replace(study, "COUNT", "400", 1)).configurations
	if diff := cmp.Diff(few, many[:len(few)]); diff != "" {
		t.Errorf("the beginning of a larger sample (-smaller +larger):\n%s", diff)
	}
	low := 0
	for _, c := range many {
		rate, batch := c["peak_rate"].(float64), c["batch_size"].(float64)
		if rate < 0.01 || rate > 1 || batch != 64 && batch != 128 {
			t.Errorf("%v", c)
		}
		if rate < 0.1 {
			low++
		}
	}
	if share := float64(low) / float64(len(many)); share < 0.4 || share > 0.6 {
		t.Errorf("%g of the rates are in the lower of two orders of magnitude", share)
	}
}

// Settings come into the recipe, fields that JSON leaves out among them.
func TestRecipeOfConfiguration(t *testing.T) {
	c := read(t, `{"settings": {
		"recipe": "airbench94-muon", "width": 8, "label_smoothing": 0.1, "averaging.every": 5, "averaging.decay": 0.9, "groups.1.rate_factor": 2,
		"design.activation.kind": "relu", "test_views": ""
	}}`).configurations[0]
	r, err := c.recipe()
	if err != nil {
		t.Fatal(err)
	}
	type fields struct {
		Name             string
		Smoothing, Decay float64
		Every            int
		Factor           float64
		Activation       string
		Views            string
		Width            int
	}
	got := fields{r.Name, r.LabelSmoothing, r.Averaging.Decay, r.Averaging.Every, r.Groups[1].RateFactor, r.Design.Activation.Kind, string(r.TestViews), r.Design.Width}
	if diff := cmp.Diff(fields{"airbench94-muon", 0.1, 0.9, 5, 2, "relu", "", 64}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if options, err := c.options(); err != nil || len(options) != 1 {
		t.Errorf("%d options, error %v; want the width alone", len(options), err)
	}
}

// Whole recipes of one name are two, and a path into the value of another setting leaves that as it is.
func TestWholeRecipes(t *testing.T) {
	recipe := func(smoothing float64) string {
		r := fastresnet.ResNet9Epochs24()
		r.LabelSmoothing = smoothing
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	s := read(t, fmt.Sprintf(`{"grid": {"recipe": [%s, %s, %[2]s], "optimizer.nesterov.momentum": [0.8, 0.7]},
		"settings": {"optimizer": {"nesterov": {"momentum": 0.9, "weight_decay": 0.001}}}}`, recipe(0.1), recipe(0.2)))
	runs, _, err := s.trials(nil)
	if err != nil {
		t.Fatal(err)
	}
	if rows := newTable(s, runs, false, nil).rows; len(runs) != 4 || len(rows) != 4 {
		t.Errorf("%d runs in %d rows, want 4 in 4", len(runs), len(rows))
	}
	for _, c := range s.configurations {
		r, err := c.recipe()
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Optimizer.(fastresnet.Nesterov); got.Momentum != c["optimizer.nesterov.momentum"] || got.WeightDecay != 0.001 {
			t.Errorf("%v: %+v", c, got)
		}
		if got := text(c["optimizer"]); !strings.Contains(got, "0.9") {
			t.Errorf("the setting has become %s", got)
		}
	}
}

func TestStudyMistakes(t *testing.T) {
	with := func(more string) string { return `{"settings": {"recipe": "resnet9-24"}, ` + more + `}` }
	for _, test := range []struct{ name, study, want string }{
		{"nothing", `{}`, "no recipe in settings or grid"},
		{"no JSON", `{`, "unexpected EOF"},
		{"unknown key", with(`"speed": 1`), `unknown field "speed"`},
		{"seeds as a number", with(`"seeds": 3`), `seeds: need {"first": 1, "count": 3}`},
		{"a grid as a list", with(`"grid": [8]`), `grid: need {"width": [8, 16]}`},
		{"a grid of one value", with(`"grid": {"width": 8}`), `grid: need {"width": [8, 16]}`},
		{"part of an image", with(`"train_images": 1.5`), "train_images: need a whole number"},
		{"a number to draw from", with(`"sample": {"count": 1, "settings": {"width": 8}}`), `sample: need {"count": 30, `},
		{"a word in a span", with(`"sample": {"count": 1, "settings": {"width": {"from": "a"}}}`), `sample: need {"count": 30, `},
		{"unknown field beside an unknown recipe", `{"settings": {"recipe": "resnet9", "widht": 4}}`,
			"settings: unknown field \"widht\" of recipes\nrecipe \"resnet9\": need one of those"},
		{"unknown field without a recipe", `{"settings": {"widht": 4}}`, "settings: unknown field \"widht\" of recipes\nno recipe in"},
		{"unknown recipe", `{"settings": {"recipe": "nonsense"}}`, `recipe "nonsense": need one of those that cifar10 -list shows`},
		{"a damaged recipe", `{"settings": {"recipe": {"name": "mine"}}}`, "batch size 0"},
		{"unknown field", with(`"grid": {"label_smooth": [0]}`), `unknown field "label_smooth"`},
		{"a value out of range", with(`"grid": {"label_smoothing": [2]}`), "label smoothing 2"},
		{"a list's place", with(`"grid": {"schedule.9": [2]}`), `schedule.9: "9" in a list of`},
		{"into a number", with(`"grid": {"name.x": [2]}`), `name.x: "x": there is a value, not an object`},
		{"half an epoch", with(`"grid": {"epochs": [1.5]}`), "epochs is 1.5: need a whole number from 1 on"},
		{"no rate", with(`"grid": {"peak_rate": [0]}`), "peak_rate is 0: need a positive number"},
		{"no number", with(`"grid": {"width": ["wide"]}`), `width is "wide", need a number`},
		{"no values", with(`"grid": {"width": []}`), "grid: width has no values"},
		{"twice", `{"settings": {"recipe": "resnet9-24", "width": 8}, "grid": {"width": [8]}}`, "grid: width is in settings already"},
		{"no seeds", with(`"seeds": {"count": 0}`), "seeds: a count of 0, need at least 1"},
		{"seeds beyond the last", with(`"seeds": {"first": 18446744073709551615, "count": 2}`), "seeds: the seeds of 2 runs from 18446744073709551615 on go"},
		{"a share above 1", with(`"held_out": 1.5`), "held_out is 1.5, need a share below 1, or a number of images"},
		{"two tests", with(`"held_out": 0.1, "folds": 5`), "held_out and folds: both say what is tested with"},
		{"a sample of nothing", with(`"sample": {"count": 0}`), "sample: a count of 0"},
		{"a span backwards", with(`"sample": {"count": 1, "settings": {"peak_rate": {"from": 2, "to": 1}}}`), "sample: peak_rate from 2 to 1"},
		{"logarithms of 0", with(`"sample": {"count": 1, "settings": {"peak_rate": {"from": 0, "to": 1, "log": true}}}`), "above 0 with log"},
		{"a stage", with(`"halving": {"epochs": [4], "keep": 0.5}`), "halving: epochs [4], need two numbers at least, ascending"},
		{"a stage twice", with(`"halving": {"epochs": [2, 2], "keep": 0.5}`), "halving: epochs [2 2], need two numbers at least, ascending"},
		{"keeping all", with(`"halving": {"epochs": [1, 2], "keep": 1}`), "halving: keep 1"},
		{"halving without epochs", with(`"halving": {"epochs": [0, 2], "keep": 0.5}`), "epochs is 0: need a whole number"},
		{"epochs twice", `{"settings": {"recipe": "resnet9-24", "epochs": 3}, "halving": {"epochs": [1, 2], "keep": 0.5}}`, "halving: epochs is in settings already"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := parseStudy([]byte(test.study)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// The same run has the same identity in every study, and others have others.
func TestIdentities(t *testing.T) {
	ids := func(text string) (ids []string) {
		runs, _, err := read(t, text).trials(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			ids = append(ids, r.id)
		}
		return ids
	}
	one := ids(`{"settings": {"recipe": "resnet9-24", "width": 8}}`)
	for name, same := range map[string]string{
		"as a grid":         `{"settings": {"recipe": "resnet9-24"}, "grid": {"width": [8]}}`,
		"what is so anyway": `{"settings": {"recipe": "resnet9-24", "width": 8, "label_smoothing": 0}, "seeds": {"first": 1, "count": 1}}`,
	} {
		if diff := cmp.Diff(one, ids(same)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
	}
	all := slices.Concat(one,
		ids(`{"settings": {"recipe": "resnet9-24"}}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 16}}`),
		ids(`{"settings": {"recipe": "flip-test", "width": 8}}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8, "label_smoothing": 0.1}}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8}, "seeds": {"first": 2, "count": 2}}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8}, "train_images": 100}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8}, "test_images": 100}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8}, "held_out": 0.1}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8}, "folds": 3}`),
		ids(`{"settings": {"recipe": "resnet9-24", "width": 8}, "folds": 4}`))
	slices.Sort(all)
	if unique := slices.Compact(slices.Clone(all)); len(unique) != len(all) {
		t.Errorf("%d identities of %d runs", len(unique), len(all))
	}
}

func TestKept(t *testing.T) {
	for _, test := range []struct {
		keep    float64
		n, want int
	}{
		{0.07, 100, 7}, {0.55, 100, 55}, {0.14, 50, 7}, {0.5, 4, 2}, {1.0 / 3, 3, 1}, {0.3333333333333334, 3, 1}, {2.0 / 3, 3, 2}, {0.1, 30, 3},
		{0.34, 3, 2}, {0.0701, 100, 8}, {0.5, 5, 3}, {0.99, 100, 99}, {0.999, 100, 100}, {1e-9, 5, 1}, {0.5, 1, 1},
	} {
		if got := (&halving{Keep: test.keep}).kept(test.n); got != test.want {
			t.Errorf("%g of %d are %d, want %d", test.keep, test.n, got, test.want)
		}
	}
}

// Halving has the best of each stage in the next, once all of it is done.
func TestHalving(t *testing.T) {
	s := read(t, `{"settings": {"recipe": "resnet9-24"}, "grid": {"width": [1, 2, 3, 4, 5]}, "seeds": {"count": 2}, "halving": {"epochs": [1, 3, 9], "keep": 0.4}}`)
	done := map[string]outcome{}
	runs := func() (all []string, more bool) {
		found, more, err := s.trials(done)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			all = append(all, r.of(s.varied()))
		}
		return all, more
	}
	finish := func(accuracy func(width float64) float64) {
		found, _, _ := s.trials(done)
		for _, r := range found {
			if _, is := done[r.id]; !is {
				o := outcome{ID: r.id}
				o.TestAccuracy = results.Number(accuracy(r.configuration["width"].(float64)))
				done[r.id] = o
			}
		}
	}
	first := []string{
		"epochs 1, width 1, seed 1", "epochs 1, width 2, seed 1", "epochs 1, width 3, seed 1", "epochs 1, width 4, seed 1", "epochs 1, width 5, seed 1",
		"epochs 1, width 1, seed 2", "epochs 1, width 2, seed 2", "epochs 1, width 3, seed 2", "epochs 1, width 4, seed 2", "epochs 1, width 5, seed 2",
	}
	all, more := runs()
	if diff := cmp.Diff(first, all); diff != "" || !more {
		t.Fatalf("more %v, runs (-want +got):\n%s", more, diff)
	}
	finish(func(width float64) float64 { return 0.5 - 0.1*max(width-3, 3-width) }) // 3 is the best, then 2 and 4
	second := append(first, "epochs 3, width 3, seed 1", "epochs 3, width 2, seed 1", "epochs 3, width 3, seed 2", "epochs 3, width 2, seed 2")
	all, more = runs()
	if diff := cmp.Diff(second, all); diff != "" || !more {
		t.Fatalf("more %v, runs (-want +got):\n%s", more, diff)
	}
	finish(func(width float64) float64 { return 1 / width })
	all, more = runs()
	if diff := cmp.Diff(append(second, "epochs 9, width 2, seed 1", "epochs 9, width 2, seed 2"), all); diff != "" || more {
		t.Errorf("more %v, runs (-want +got):\n%s", more, diff)
	}
}

func TestTested(t *testing.T) {
	for _, test := range []struct {
		study study
		want  string
	}{
		{study{}, "the test set"},
		{study{TestImages: 1000}, "the first 1,000 test images"},
		{study{HeldOut: 0.07}, "7 % of the training images, held out"},
		{study{HeldOut: 0.125, TrainImages: 5000}, "12.5 % of the first 5,000 training images, held out"},
		{study{HeldOut: 500}, "500 of the training images, held out"},
		{study{Folds: 5}, "5 parts of the training images, each held out once"},
	} {
		if got := test.study.tested(); got != test.want {
			t.Errorf("tested with %q, want %q", got, test.want)
		}
	}
}
