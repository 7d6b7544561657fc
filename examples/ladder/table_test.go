package main

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/terminal"
)

// recipes are a short ladder.
var recipes = []fastresnet.Recipe{
	{Name: "first", Description: "a start", Published: fastresnet.Published{Seconds: 100, Hardware: "V100"}},
	{Name: "second", Description: "both figures, and a description that is too long for many a terminal",
		Published: fastresnet.Published{Accuracy: 0.559, Seconds: 80, Hardware: "V100"}},
	{Name: "third", Description: "not run", Published: fastresnet.Published{Accuracy: 0.9408, Seconds: 120, Hardware: "V100"}},
	{Name: "fourth", Description: "diverged", Published: fastresnet.Published{Accuracy: 0.56, Seconds: 356, Hardware: "V100"}},
	{Name: "fifth", Description: "not asked for", Published: fastresnet.Published{Hardware: "V100"}},
	{Name: "sixth", Description: "nothing published", Published: fastresnet.Published{Hardware: "V100"}},
}

// made is a run of a rung.
func made(rung int, seed uint64, accuracy, seconds results.Number) rungRun {
	return rungRun{rung, results.Run{
		Backend: "go", Device: "CPU", Seed: seed, TestAccuracy: accuracy, TrainSeconds: seconds, TotalSeconds: seconds + 1,
	}}
}

// diverged is a run that did.
func diverged(rung int, seed uint64) rungRun {
	r := made(rung, seed, results.Number(math.NaN()), 1)
	r.Error = "training diverged"
	return r
}

// climbed has rungs of two runs, one, none, and runs that diverged.
var climbed = content{
	Conditions: conditions{Data: "CIFAR-10", TrainImages: 50_000, TestImages: 10_000, Width: 8, Epochs: 8, Batch: 128},
	Runs: []rungRun{
		made(1, 1, 0.4, 20), made(1, 2, 0.42, 30), // 41 ± sqrt(2) %, 25 s
		made(2, 1, 0.4567, 20), diverged(2, 2),
		diverged(4, 1), diverged(4, 2),
		made(6, 1, 0.7, 1234.56),
	},
}

func TestText(t *testing.T) {
	const notes = `
Here: width 8 where the series has 64, epochs 8, batch 128; CIFAR-10, 50,000 training and 10,000 test images.
7 runs of 2 seeds, 21m55s in all, on go (CPU).
Series: as published, with every rung's own epochs and batch, on one V100.
Accuracy: mean of n runs ± standard deviation, over n-1. Time: mean, of training alone. Ratio: time over that of the rung before.
`
	for _, test := range []struct {
		name  string
		width int
		want  string
	}{
		{"not a terminal", 0, `
                                                      accuracy                    time              ratio
rung  name    what changed                             series            here  n  series      here  series  here
   1  first   a start                                       -  41.00 ± 1.41 %  2   100 s    25.0 s       -     -
   2  second  both figures, and a description that…    55.9 %         45.67 %  1    80 s    20.0 s    0.80  0.80  1 of 2 diverged
   3  third   not run                                 94.08 %               -  0   120 s         -    1.50     -
   4  fourth  diverged                                 56.0 %               -  0   356 s         -    2.97     -  2 of 2 diverged
   6  sixth   nothing published                             -         70.00 %  1       -  1234.6 s       -     -
`},
		{"120 columns", 120, `
                                             accuracy                    time              ratio
rung  name    what changed                    series            here  n  series      here  series  here
   1  first   a start                              -  41.00 ± 1.41 %  2   100 s    25.0 s       -     -
   2  second  both figures, and a…            55.9 %         45.67 %  1    80 s    20.0 s    0.80  0.80  1 of 2 diverged
   3  third   not run                        94.08 %               -  0   120 s         -    1.50     -
   4  fourth  diverged                        56.0 %               -  0   356 s         -    2.97     -  2 of 2 diverged
   6  sixth   nothing published                    -         70.00 %  1       -  1234.6 s       -     -
`},
		{"90 columns: no room for what changed", 90, `
              accuracy                    time              ratio
rung  name     series            here  n  series      here  series  here
   1  first         -  41.00 ± 1.41 %  2   100 s    25.0 s       -     -
   2  second   55.9 %         45.67 %  1    80 s    20.0 s    0.80  0.80  1 of 2 diverged
   3  third   94.08 %               -  0   120 s         -    1.50     -
   4  fourth   56.0 %               -  0   356 s         -    2.97     -  2 of 2 diverged
   6  sixth         -         70.00 %  1       -  1234.6 s       -     -
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := newTable(recipes, []int{1, 2, 3, 4}, climbed).text(test.width)
			compare(t, "table", strings.TrimPrefix(test.want, "\n")+notes, got)
			rows, _, _ := strings.Cut(got, "\n\n")
			for line := range strings.Lines(rows) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > cmp.Or(test.width, terminal.UsualWidth) {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

// TestLadderText has the whole ladder within the usual width, times of hours included.
func TestLadderText(t *testing.T) {
	c := content{}
	ladder := fastresnet.Ladder()
	for rung := range len(ladder) {
		c.Runs = append(c.Runs, made(rung+1, 1, 0.94, 12_345), made(rung+1, 2, 0.96, 12_345))
	}
	rows, _, _ := strings.Cut(newTable(ladder, nil, c).text(0), "\n\n")
	lines := strings.Split(rows, "\n")
	if want := 2 + len(ladder); len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > terminal.UsualWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestMarkdown(t *testing.T) {
	const want = `| # | rung | what changed | published accuracy | measured accuracy | n | published time | measured time | published time / rung before | measured time / rung before | note |
| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
| 1 | first | a start | - | 41.00 ± 1.41 % | 2 | 100 s | 25.0 s | - | - |  |
| 2 | second | both figures, and a description that is too long for many a terminal | 55.9 % | 45.67 % | 1 | 80 s | 20.0 s | 0.80 | 0.80 | 1 of 2 diverged |

Here: width 64 where the series has 64, epochs the recipe's own, batch the recipe's own; synthetic, 256 training and 100 test images.
4 runs of 2 seeds, 1m15s in all, on go (CPU).
Series: as published, with every rung's own epochs and batch, on one V100.
Accuracy: mean of n runs ± standard deviation, over n-1. Time: mean, of training alone. Ratio: time over that of the rung before.
`
	c := content{Conditions: conditions{"synthetic", 256, 100, 64, 0, 0}, Runs: climbed.Runs[:4]}
	compare(t, "Markdown", want, newTable(recipes, nil, c).markdown())
}

// TestRatios has none where one of the times is not known.
func TestRatios(t *testing.T) {
	for _, test := range []struct {
		name                string
		rung                int
		runs                []rungRun
		published, measured string
	}{
		{"both known", 2, []rungRun{made(1, 1, 0.5, 10), made(2, 1, 0.5, 5)}, "0.80", "0.50"},
		{"of means", 2, []rungRun{made(1, 1, 0.5, 10), made(2, 1, 0.5, 5), made(2, 2, 0.5, 10)}, "0.80", "0.75"},
		{"the rung before was not run", 2, []rungRun{made(2, 1, 0.5, 5)}, "0.80", "-"},
		{"it diverged", 2, []rungRun{diverged(1, 1), made(2, 1, 0.5, 5)}, "0.80", "-"},
		{"this one was not run", 2, []rungRun{made(1, 1, 0.5, 10)}, "0.80", "-"},
		{"nothing is before the first", 1, []rungRun{made(1, 1, 0.5, 10)}, "-", "-"},
		{"no published time", 5, []rungRun{made(4, 1, 0.5, 10), made(5, 1, 0.5, 80)}, "-", "8.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range newTable(recipes, []int{test.rung}, content{Runs: test.runs}).rows {
				if r.rung == test.rung {
					compare(t, "ratios", []string{test.published, test.measured}, r.cells()[8:10])
				}
			}
		})
	}
}
