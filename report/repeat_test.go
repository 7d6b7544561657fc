package report_test

import (
	"encoding/json"
	"go/format"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/report"
	"github.com/google/go-cmp/cmp"
)

// What is to be copied is right: the program is Go as gofmt has it, and the recipe reads back.
func TestRepeat(t *testing.T) {
	record := history(24, 24)
	record.OwnAugmentations, record.BestEpoch, record.Devices, record.TestEvery = []string{"mine\n\"</pre>"}, 2, 2, 3
	record.WarmStart = &fastresnet.WarmStart{Recipe: "other", Seed: 3, Fingerprint: "abcdef"}
	_, page := written(t, report.Run{Record: record, Command: "go run . -x '</code>' \\\n\t-y '\x1b[2J\u202e'"})
	var texts []string
	for _, pre := range page.all("pre") {
		texts = append(texts, pre.all("code")[0].text)
	}
	if len(texts) != 3 || texts[0] != "go run . -x '</code>' \\\n -y '\ufffd[2J\ufffd'" {
		t.Fatalf("command, program and recipe: %q", texts)
	}
	formatted, err := format.Source([]byte(texts[1]))
	check(t, err)
	if diff := cmp.Diff(string(formatted), texts[1]); diff != "" {
		t.Errorf("program (-formatted +got):\n%s", diff)
	}
	if !strings.Contains(texts[1], "fastresnet.WithTestEvery(3),") {
		t.Errorf("the program tests after every epoch:\n%s", texts[1])
	}
	var read fastresnet.Recipe
	check(t, json.Unmarshal([]byte(texts[2]), &read))
	if diff := cmp.Diff(record.Recipe, read); diff != "" {
		t.Errorf("recipe (-want +got):\n%s", diff)
	}
}

// The program reads CIFAR-10 only where the run was on all of it, and says what else there was to the run.
func TestRepeatOnOwnImages(t *testing.T) {
	const cifar, own = `data.CIFAR10("")`, "// Put the run's own images here: "
	unlike := data.CIFAR10Classes()
	unlike[3] = "lion"
	for _, test := range []struct {
		name    string
		classes []string // of the evaluation; nil for none
		images  int
		stopped fastresnet.StopReason
		want    string
	}{
		{"CIFAR-10", data.CIFAR10Classes(), 50_000, "", cifar},
		{"some of CIFAR-10", data.CIFAR10Classes(), 360, "", own + "360 to train on, 10000 to test with."},
		{"as many images of other classes", unlike, 50_000, "", own},
		{"as many images of more classes", append(data.CIFAR10Classes(), "lion"), 50_000, "", own},
		{"without an evaluation", nil, 50_000, "", own},
		{"divided by the run's seed", nil, 360, "", "pictures.SplitN(10000, 7)"},
		{"stopped early", nil, 360, fastresnet.TargetReached, "\t\t// and WithTargetAccuracy or WithEarlyStop: the run ended after 2 of 24 epochs (target accuracy reached)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := report.Run{}
			if test.classes != nil {
				run = named(t, test.classes...)
			}
			run.Record = history(2, 24)
			run.Record.TrainImages, run.Record.Stopped, run.Record.Seed = test.images, test.stopped, 7
			_, page := written(t, run)
			program := page.all("pre")[0].all("code")[0].text
			formatted, err := format.Source([]byte(program))
			check(t, err)
			if !strings.Contains(program, test.want) || strings.Contains(program, cifar) != (test.want == cifar) || string(formatted) != program {
				t.Errorf("want %q in, and no changes by gofmt of:\n%s", test.want, program)
			}
		})
	}
}

// The program makes images of pictures as the run's were made, where they are known.
func TestRepeatReadsPicturesAlike(t *testing.T) {
	for _, test := range []struct {
		shape    data.Shape
		resizing data.Resizing
		want     string
	}{
		{data.Shape{Height: 32, Width: 32, Channels: 3}, data.ResizeByCropping, "picture.Reader{SkipUnreadable: true}.Folder"},
		{data.Shape{Height: 32, Width: 32, Channels: 3}, data.ResizeByPadding, "picture.Reader{SkipUnreadable: true, Resizing: data.ResizeByPadding}.Folder"},
		{data.Shape{Height: 8, Width: 4, Channels: 1}, data.ResizeByStretching, "picture.Reader{SkipUnreadable: true, Shape: data.Shape{Height: 8, Width: 4, Channels: 1}, Resizing: data.ResizeByStretching}.Folder"},
	} {
		t.Run(test.want, func(t *testing.T) {
			run := named(t, "cat", "dog")
			run.Record = history(2, 24)
			n := run.Images.Len()
			images, err := data.New(make([]uint8, n*test.shape.Size()), test.shape, make([]int, n), []string{"cat", "dog"})
			check(t, err)
			run.Images, err = images.WithResizing(test.resizing)
			check(t, err)
			_, page := written(t, run)
			program := page.all("pre")[0].all("code")[0].text
			formatted, err := format.Source([]byte(program))
			check(t, err)
			if !strings.Contains(program, test.want) || strings.Contains(program, "must say so") || string(formatted) != program {
				t.Errorf("want %q in, and no changes by gofmt of:\n%s", test.want, program)
			}
			if uses := strings.Contains(program, "fastresnet/data\"\n"); uses != strings.Contains(test.want, "data.") {
				t.Errorf("it imports package data: %t", uses)
			}
		})
	}
}
