package terminal

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

func TestBar(t *testing.T) {
	step := fastresnet.Progress{Epoch: 2, Epochs: 24, Step: 49, Steps: 98, ImagesPerSecond: 1234.5}
	first, last := step, step
	first.Step, first.ImagesPerSecond = 1, 0
	last.Step = 98
	for _, test := range []struct {
		name    string
		prefix  string
		step    fastresnet.Progress
		left    string
		columns int
		want    string
	}{
		{"wide: the bar stops growing", "", step, "1m23s left", 120,
			"epoch 2/24 ████████████████████░░░░░░░░░░░░░░░░░░░░  50 %  1,235 images/s  1m23s left"},
		{"79 columns", "", step, "1m23s left", 79,
			"epoch 2/24 ██████████████░░░░░░░░░░░░░░░  50 %  1,235 images/s  1m23s left"},
		{"too narrow for a bar", "", step, "1m23s left", 50,
			"epoch 2/24 50 %  1,235 images/s  1m23s left"},
		{"too narrow for anything", "", step, "1m23s left", 10, "epoch 2/24"},
		{"no room at all", "", step, "1m23s left", 0, ""},
		{"first step: no speed yet", "", first, "", 60,
			"epoch 2/24 ░░░░░░░░░░   1 %"},
		{"last step: testing follows", "", last, "1m23s left", 60,
			"epoch 2/24 ██████████ testing ..."},
		{"a prefix takes from the bar", "rung 9: ", step, "1m23s left", 79,
			"rung 9: epoch 2/24 ██████████░░░░░░░░░░░  50 %  1,235 images/s  1m23s left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := bar(test.prefix, test.step, test.left, test.columns)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("bar (-want +got):\n%s", diff)
			}
			if n := utf8.RuneCountInString(got); n > test.columns {
				t.Errorf("%d columns, have %d", n, test.columns)
			}
		})
	}
}

// steps reports a run of 2 epochs of 50 steps, of so long each.
func steps(p *Progress, each time.Duration) {
	for epoch := 1; epoch <= 2; epoch++ {
		for step := 1; step <= 50; step++ {
			time.Sleep(each)
			p.Step(fastresnet.Progress{Epoch: epoch, Epochs: 2, Step: step, Steps: 50, ImagesPerSecond: 100})
		}
	}
}

func TestPlainLines(t *testing.T) {
	for _, test := range []struct {
		name string
		runs int
		each time.Duration
		want []string
	}{
		{"a short run needs none", 1, 50 * time.Millisecond, nil},
		{"one every ten seconds", 1, 300 * time.Millisecond, []string{
			"epoch 1/2: step 35 of 50, 100 images/s, 20s left",
			"epoch 2/2: step 19 of 50, 100 images/s, 9s left",
		}},
		{"the time left is that of all runs", 3, 300 * time.Millisecond, []string{
			"epoch 1/2: step 35 of 50, 100 images/s, 1m20s left",
			"epoch 2/2: step 19 of 50, 100 images/s, 1m9s left",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				p := NewProgress(test.runs, &b, &b)
				p.Start("starting")
				steps(p, test.each)
				p.Clear()
				var got []string
				for line := range strings.Lines(b.String()) {
					got = append(got, strings.TrimSuffix(line, "\n"))
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRedraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := &Progress{w: &b, size: func() (int, int) { return 80, 24 }, runs: 1}
		p.Start("starting")
		steps(p, 10*time.Millisecond)
		p.Clear()
		draws := strings.Split(strings.TrimPrefix(b.String(), "\r"), "\r")
		// A second of training: "starting", at most ten bars and the two of the epochs' ends, the
		// blanks of Clear, and what follows its last return.
		if n := len(draws); n < 12 || n > 15 {
			t.Errorf("%d draws in a second", n)
		}
		for _, draw := range draws {
			if n := utf8.RuneCountInString(draw); n > 79 {
				t.Errorf("%d columns: the last one of 80 must stay free: %q", n, draw)
			}
		}
		if blank := draws[len(draws)-2]; strings.TrimSpace(blank) != "" {
			t.Errorf("Clear wrote %q, want blanks", blank)
		}
		if strings.ContainsAny(b.String(), "\n\x1b") {
			t.Error("a bar on a terminal needs no new lines and no escape codes")
		}
	})
}
