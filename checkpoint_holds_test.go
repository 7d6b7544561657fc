package fastresnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/testlayers"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// A run of the deepest network, whose layers have the longest paths, resumes.
func TestCheckpointOfTheDeepestBlocks(t *testing.T) {
	n := tinyNetwork()
	n.Layers = slices.Insert(n.Layers, 3, layers.Layer(testlayers.Deepest()))
	options := interrupted(t, fastresnet.WithArchitecture(n), fastresnet.WithEpochs(1), fastresnet.WithCheckpoint(t.TempDir(), 1))
	want := outcomeOf(t, finished(t, options...))
	resumed := finished(t, append(options, fastresnet.WithResume())...)
	if resumed.ResumedFrom == "" {
		t.Error("it began anew")
	}
	if diff := cmp.Diff(want, outcomeOf(t, resumed)); diff != "" {
		t.Errorf("(-first +resumed):\n%s", diff)
	}
}

// described is an augmentation of one's own, known by any text.
type described struct {
	data.FlipLR
	text string
}

func (d described) String() string { return d.text }

// What no checkpoint can hold is said before the first step; many classes are not among that.
func TestRunsThatCheckpointsHold(t *testing.T) {
	classes := make([]string, 10_000)
	for i := range classes {
		classes[i] = fmt.Sprint("class number ", i)
	}
	set, network := synthetic(t, 16, 1), tinyNetwork()
	network.Layers = slices.Concat(network.Layers[:len(network.Layers)-1], []layers.Layer{layers.Linear{Name: "classifier", Out: len(classes)}})
	many, err := data.New(make([]uint8, 16*set.Shape().Size()), set.Shape(), make([]int, 16), classes)
	if err != nil {
		t.Fatal(err)
	}
	long := described{text: strings.Repeat("a", 1<<15)}
	for _, tt := range []struct {
		label   string
		options []fastresnet.Option
		says    string // "" for a run that ends well
	}{
		{"many classes", []fastresnet.Option{fastresnet.WithDataset(many, nil), fastresnet.WithArchitecture(network)}, ""},
		{"a long text", []fastresnet.Option{fastresnet.WithAugmentations(described{text: long.text + long.text + "a"})}, "more than 65536 bytes"},
		{"long texts", []fastresnet.Option{fastresnet.WithAugmentations(slices.Repeat(data.Augmentations{long}, 600)...)}, "a header of"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			steps := 0
			options := append([]fastresnet.Option{fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"), fastresnet.WithArchitecture(tinyNetwork()),
				fastresnet.WithAugmentations(), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1), fastresnet.WithCheckpoint(t.TempDir(), 1),
				fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { steps++ }})}, tt.options...)
			r, err := fastresnet.Train(context.Background(), options...)
			if tt.says != "" {
				if !errors.Is(err, fastresnet.ErrCheckpoint) || !strings.Contains(err.Error(), tt.says) || steps > 0 {
					t.Errorf("error %v after %d steps, want ErrCheckpoint that says %q before any", err, steps, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Model.Close()
			finished(t, append(options, fastresnet.WithResume())...).Model.Close()
		})
	}
}

// What no file could hold is said before the first step.
func TestRunsThatNoFileHolds(t *testing.T) {
	long := strings.Repeat("a", 1<<16+1)
	for name, option := range map[string]fastresnet.Option{
		"a description":            recipe(func(r *fastresnet.Recipe) { r.Description = long }),
		"an augmentation in words": fastresnet.WithAugmentations(described{text: long}),
		"a small network's name":   selecting(func(r *fastresnet.Recipe) { r.Selection.Design.Name = long }),
		"a name of the own network": recipe(func(r *fastresnet.Recipe) {
			n := tinyNetwork()
			n.Name = long
			r.Design, r.Network = layers.Design{}, &n
		}),
	} {
		steps := 0
		_, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(synthetic(t, 16, 1), nil), fastresnet.WithBackend("go"), option,
			fastresnet.WithWidth(2), fastresnet.WithBatchSize(16), fastresnet.WithEpochs(1),
			fastresnet.WithProgress(fastresnet.Observer{Step: func(fastresnet.Progress) { steps++ }}))
		if !errors.Is(err, fastresnet.ErrOption) || !strings.Contains(err.Error(), "more than 65536 bytes") || steps > 0 {
			t.Errorf("%s: error %v after %d steps, want ErrOption before any", name, err, steps)
		}
	}
}

// The longest run can be resumed, checkpointed and saved, whatever its figures are.
func TestTheMostEpochs(t *testing.T) {
	const most, images, steps = 30_000, 64, 4
	options, _, file := stoppedRun(t, fastresnet.WithEpochs(most))
	epochs := make([]string, most-1)
	for i := range epochs {
		const figure, duration = 1.2345678901234567e-100, 300_000_000_000_000_000
		text, err := json.Marshal(fastresnet.Epoch{Number: i + 1, Rate: figure, TrainLoss: figure, TrainAccuracy: figure, TestLoss: figure, TestAccuracy: figure,
			Tested: true, Images: images, TrainTime: duration, TotalTime: duration})
		if err != nil {
			t.Fatal(err)
		}
		epochs[i] = string(text)
	}
	for pattern, text := range map[string]string{
		`"epochs":\[.*\],"train_ns"`:            `"epochs":[` + strings.Join(epochs, ",") + `],"train_ns"`,
		`"epoch":2,"steps":2,"average_steps":6`: fmt.Sprintf(`"epoch":%d,"steps":2,"average_steps":%d`, most, (most-1)*steps+2),
	} {
		file.Metadata["progress"] = regexp.MustCompile(pattern).ReplaceAllLiteralString(file.Metadata["progress"], text)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "checkpoint-30000-0000002.safetensors"), bytesOf(t, file), 0o666); err != nil {
		t.Fatal(err)
	}
	r := finished(t, append(options, fastresnet.WithCheckpoint(folder, 1))...)
	defer r.Model.Close()
	if len(r.Epochs) != most {
		t.Errorf("%d epochs, want %d", len(r.Epochs), most)
	}
	if err := r.Model.Write(io.Discard); err != nil {
		t.Error(err)
	}
}
