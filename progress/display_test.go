package progress

import (
	"bytes"
	"context"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

func TestBar(t *testing.T) {
	step := fastresnet.Progress{Epoch: 2, Epochs: 24, Step: 49, Steps: 98, Rate: 0.4, Loss: 1.23456, ImagesPerSecond: 1234.5}
	first, last, unknown := step, step, step
	first.Step, first.ImagesPerSecond = 1, 0
	last.Step = 98
	unknown.Loss = math.NaN()
	const left = "1m23s left"
	for _, test := range []struct {
		name    string
		prefix  string
		step    fastresnet.Progress
		left    string
		testing bool
		columns int
		want    string
	}{
		{"wide: the bar stops growing", "", step, left, false, 119,
			"epoch 2/24 ████████████████████░░░░░░░░░░░░░░░░░░░░  50 %  loss 1.235  lr 0.4000  1,235 images/s  1m23s left"},
		{"100 columns", "", step, left, false, 99,
			"epoch 2/24 █████████████░░░░░░░░░░░░░░  50 %  loss 1.235  lr 0.4000  1,235 images/s  1m23s left"},
		{"80 columns: no rate", "", step, left, false, 79,
			"epoch 2/24 █████████░░░░░░░░░  50 %  loss 1.235  1,235 images/s  1m23s left"},
		{"60 columns: no loss", "", step, left, false, 59,
			"epoch 2/24 █████░░░░░  50 %  1,235 images/s  1m23s left"},
		{"too narrow for a bar", "", step, left, false, 50,
			"epoch 2/24  50 %  1,235 images/s  1m23s left"},
		{"too narrow for all the rest", "", step, left, false, 32,
			"epoch 2/24  50 %  1,235 images/s"},
		{"too narrow for anything", "", step, left, false, 8, "epoch 2/"},
		{"no room at all", "", step, left, false, 0, ""},
		{"first step: no speed yet", "", first, "", false, 59,
			"epoch 2/24 ░░░░░░░░░░   1 %"},
		{"last step: testing follows", "", last, left, true, 59,
			"epoch 2/24 ██████████  testing ..."},
		{"no loss on XLA: the rate takes its place", "", unknown, left, false, 79,
			"epoch 2/24 █████████░░░░░░░░░░  50 %  lr 0.4000  1,235 images/s  1m23s left"},
		{"a prefix takes from the bar", "rung 9: ", step, left, false, 79,
			"rung 9: epoch 2/24 █████░░░░░  50 %  loss 1.235  1,235 images/s  1m23s left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := bar(test.prefix, test.step, test.left, test.testing, test.columns)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("bar (-want +got):\n%s", diff)
			}
			if n := utf8.RuneCountInString(got); n > test.columns {
				t.Errorf("%d columns, have %d", n, test.columns)
			}
		})
	}
}

func TestRemaining(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 34.4: "34s", 754: "12m34s", 3600: "1h00m", 3725: "1h02m", 90_000: "25h00m"} {
		if got := remaining(seconds); got != want {
			t.Errorf("remaining(%g) = %q, want %q", seconds, got, want)
		}
	}
}

// steps reports a run of 2 epochs of 50 steps, of so long each, with its test set's figures if it has one.
func steps(o fastresnet.Observer, each time.Duration) error {
	r := &fastresnet.Result{Record: fastresnet.Record{Recipe: fastresnet.Recipe{Epochs: 2}, TestImages: 10}}
	o.Start(r)
	for number := 1; number <= 2; number++ {
		for step := 1; step <= 50; step++ {
			time.Sleep(each)
			o.Step(fastresnet.Progress{Epoch: number, Epochs: 2, Step: step, Steps: 50, Taken: 50*(number-1) + step, Total: 100, Rate: 0.1, Loss: 1.5, ImagesPerSecond: 100})
		}
		e := fastresnet.Epoch{Number: number, Rate: 0.1, TrainLoss: 1.5, TrainAccuracy: 0.5, TestLoss: 1.25, TestAccuracy: 0.625, Tested: true, TrainTime: 50 * each}
		r.Epochs = append(r.Epochs, e)
		o.Epoch(e)
	}
	return o.End(r, nil)
}

const (
	wideHead = "epoch      lr  train loss  train acc  test loss  test acc  seconds"
	wideRow1 = "    1  0.1000      1.5000    50.00 %     1.2500   62.50 %     15.0"
	wideRow2 = "    2  0.1000      1.5000    50.00 %     1.2500   62.50 %     15.0"
)

func TestPlainLines(t *testing.T) {
	for _, test := range []struct {
		name string
		runs int
		each time.Duration
		want []string
	}{
		{"a short run needs none", 1, 3 * time.Millisecond, []string{wideHead, strings.Replace(wideRow1, "15.0", " 0.1", 1), strings.Replace(wideRow2, "15.0", " 0.1", 1)}},
		{"one every ten seconds", 1, 300 * time.Millisecond, []string{
			wideHead,
			"epoch 1/2: step 35 of 50, loss 1.500, 100 images/s, 20s left",
			wideRow1,
			"epoch 2/2: step 19 of 50, loss 1.500, 100 images/s, 9s left",
			wideRow2,
		}},
		{"the time left is that of all runs", 3, 300 * time.Millisecond, []string{
			wideHead,
			"epoch 1/2: step 35 of 50, loss 1.500, 100 images/s, 1m20s left",
			wideRow1,
			"epoch 2/2: step 19 of 50, loss 1.500, 100 images/s, 1m9s left",
			wideRow2,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				d := &Display{Table: &b, Bar: &b, Runs: test.runs}
				d.Wait("starting")
				if err := steps(d.Observer(), test.each); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(test.want, strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Steps that a run leaves out, or took before a checkpoint, took no time, and do not make the time left of others shorter.
func TestTimeLeftAfterOtherRuns(t *testing.T) {
	for _, test := range []struct {
		name string
		runs [][2]int // the first and the last step of each, of 100 in two epochs
		want string   // in the last line, with a further run to come
	}{
		{"a run as others", [][2]int{{1, 100}, {1, 37}}, "49s left"},
		{"one that ended early", [][2]int{{1, 10}, {1, 59}}, "42s left"},
		{"one that goes on from a checkpoint", [][2]int{{1, 100}, {51, 87}}, "34s left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				o := (&Display{Bar: &b, Runs: len(test.runs) + 1}).Observer()
				for _, run := range test.runs {
					r := &fastresnet.Result{Record: fastresnet.Record{Epochs: make([]fastresnet.Epoch, run[0]/50)}}
					o.Start(r)
					for step := run[0]; step <= run[1]; step++ {
						time.Sleep(300 * time.Millisecond)
						o.Step(fastresnet.Progress{Epoch: (step + 49) / 50, Epochs: 2, Step: (step-1)%50 + 1, Steps: 50, Taken: step, Total: 100})
						if step%50 == 0 {
							o.Epoch(fastresnet.Epoch{Number: step / 50})
						}
					}
					if err := o.End(r, nil); err != nil {
						t.Error(err)
					}
				}
				if got := strings.TrimSpace(b.String()); !strings.HasSuffix(got, ", "+test.want) {
					t.Errorf("%s\nwant %s in the last line", got, test.want)
				}
			})
		})
	}
}

// A display that is used for more runs than it was told begins to count anew.
func TestDisplayOfFurtherRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first, both bytes.Buffer
		o := Terminal(io.MultiWriter(&first, &both))
		if err := steps(o, 300*time.Millisecond); err != nil {
			t.Error(err)
		}
		once := first.String()
		if err := steps(o, 300*time.Millisecond); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(once+once, both.String()); diff != "" {
			t.Errorf("(-the first run twice +both):\n%s", diff)
		}
	})
}

func TestRedraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		d := &Display{Bar: &b, size: func(io.Writer) (int, int) { return 80, 24 }}
		d.Wait("starting")
		if err := steps(d.Observer(), 10*time.Millisecond); err != nil {
			t.Error(err)
		}
		draws := strings.Split(strings.TrimPrefix(b.String(), "\r"), "\r")
		// A second of training: "starting" and its blanks, at most ten bars and the two of the epochs' ends, the blanks
		// at the end, and what follows their last return.
		if n := len(draws); n < 13 || n > 17 {
			t.Errorf("%d draws in a second", n)
		}
		for _, draw := range draws {
			if n := utf8.RuneCountInString(draw); n > 79 {
				t.Errorf("%d columns: the last one of 80 must stay free: %q", n, draw)
			}
		}
		if blank := draws[len(draws)-2]; strings.TrimSpace(blank) != "" {
			t.Errorf("the end wrote %q, want blanks", blank)
		}
		if strings.ContainsAny(b.String(), "\n\x1b") {
			t.Error("a bar on a terminal needs no new lines and no escape codes")
		}
	})
}

// screen is what a terminal of a width shows of a text, without trailing blanks.
func screen(text string, columns int) []string {
	var lines [][]rune
	var current []rune
	at := 0
	for _, r := range text {
		switch {
		case r == '\n':
			lines, current, at = append(lines, current), nil, 0
			continue
		case r == '\r':
			at = 0
			continue
		case at == columns:
			lines, current, at = append(lines, current), nil, 0
		}
		for len(current) <= at {
			current = append(current, ' ')
		}
		current[at] = r
		at++
	}
	var shown []string
	for _, line := range append(lines, current) {
		shown = append(shown, strings.TrimRight(string(line), " "))
	}
	return shown
}

func TestTerminalWidths(t *testing.T) {
	for _, test := range []struct {
		name   string
		widths []int // one an epoch
		want   []string
	}{
		{"80 columns", []int{80, 80}, []string{wideHead, wideRow1, wideRow2, ""}},
		{"66 columns just suffice", []int{66, 66}, []string{wideHead, wideRow1, wideRow2, ""}},
		{"60 columns: no learning rate", []int{60, 60}, []string{
			"epoch  train loss  train acc  test loss  test acc  seconds",
			"    1      1.5000    50.00 %     1.2500   62.50 %      0.5",
			"    2      1.5000    50.00 %     1.2500   62.50 %      0.5", ""}},
		{"20 columns: the accuracy alone", []int{20, 20}, []string{"epoch  test acc", "    1   62.50 %", "    2   62.50 %", ""}},
		{"made narrower: another head", []int{80, 40}, []string{wideHead, wideRow1, "epoch  train loss  test loss  test acc", "    2      1.5000     1.2500   62.50 %", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				columns := test.widths[0]
				d := &Display{Table: &b, Bar: &b, size: func(io.Writer) (int, int) { return columns, 24 }}
				o := d.Observer()
				tell := o.Epoch
				o.Epoch = func(e fastresnet.Epoch) {
					columns = test.widths[e.Number-1]
					tell(e)
				}
				if err := steps(o, 10*time.Millisecond); err != nil {
					t.Error(err)
				}
				var want []string
				for _, line := range test.want {
					if line == wideRow1 || line == wideRow2 {
						line = strings.Replace(line, "15.0", " 0.5", 1)
					}
					want = append(want, line)
				}
				if diff := cmp.Diff(want, screen(b.String(), test.widths[0])); diff != "" {
					t.Errorf("what is left on the screen (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTableOfARunThatWasCutShort(t *testing.T) {
	whole := fastresnet.Epoch{Number: 1, TestLoss: 2, TestAccuracy: 0.5, Tested: true}
	for _, test := range []struct {
		name    string
		rows    int
		width   int
		tests   int // images
		resumed []fastresnet.Epoch
		last    fastresnet.Epoch
		want    []string
	}{
		{"within an epoch", 0, 0, 10, nil, fastresnet.Epoch{Number: 2, Images: 1280, Partial: true}, []string{
			wideHead,
			"    1  0.0000      0.0000     0.00 %     2.0000   50.00 %      0.0",
			"    2  0.0000      0.0000     0.00 %          -         -      0.0  after 1,280 images", ""}},
		{"within an epoch, on a terminal", 0, 80, 10, nil, fastresnet.Epoch{Number: 2, Images: 1280, Partial: true}, []string{
			wideHead,
			"    1  0.0000      0.0000     0.00 %     2.0000   50.00 %      0.0",
			"    2  0.0000      0.0000     0.00 %          -         -      0.0",
			"  after 1,280 images", ""}},
		{"before the test; resumed", 0, 0, 10, []fastresnet.Epoch{whole}, fastresnet.Epoch{Number: 2, TrainLoss: math.NaN()}, []string{
			"resumed from checkpoint-00001-0000008.safetensors", wideHead,
			"    1  0.0000      0.0000     0.00 %     2.0000   50.00 %      0.0",
			"    2  0.0000           -     0.00 %          -         -      0.0  not tested", ""}},
		{"behind the test, by a checkpoint that could not be written", 0, 0, 10, nil, fastresnet.Epoch{Number: 2, TestLoss: 1, TestAccuracy: 0.75, Tested: true}, []string{
			wideHead,
			"    1  0.0000      0.0000     0.00 %     2.0000   50.00 %      0.0",
			"    2  0.0000      0.0000     0.00 %     1.0000   75.00 %      0.0", ""}},
		{"behind an epoch, without a test set", 0, 0, 0, nil, fastresnet.Epoch{Number: 2}, []string{
			"epoch      lr  train loss  train acc  seconds",
			"    1  0.0000      0.0000     0.00 %      0.0",
			"    2  0.0000      0.0000     0.00 %      0.0", ""}},
		{"few rows: the last whole epoch has one", 2, 0, 10, nil, fastresnet.Epoch{Number: 2, Images: 1280, Partial: true}, []string{
			"one in 4 epochs:", wideHead,
			"    1  0.0000      0.0000     0.00 %     2.0000   50.00 %      0.0",
			"    2  0.0000      0.0000     0.00 %          -         -      0.0  after 1,280 images", ""}},
		{"few rows: the last epoch has one", 2, 0, 10, nil, fastresnet.Epoch{Number: 1, Tested: true}, []string{
			"one in 4 epochs:", wideHead,
			"    1  0.0000      0.0000     0.00 %     2.0000   50.00 %      0.0", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			d := &Display{Table: &b, Rows: test.rows, size: func(io.Writer) (int, int) { return test.width, 24 }}
			o := d.Observer()
			r := &fastresnet.Result{Record: fastresnet.Record{Recipe: fastresnet.Recipe{Epochs: 8}, TestImages: test.tests, Epochs: test.resumed}}
			if test.resumed != nil {
				r.ResumedFrom = filepath.Join("folder", "checkpoint-00001-0000008.safetensors")
			}
			o.Start(r)
			if test.resumed == nil {
				r.Epochs = append(r.Epochs, whole)
				o.Epoch(whole)
			}
			if test.last.Number > 1 {
				r.Epochs = append(r.Epochs, test.last)
			}
			if err := o.End(r, context.Canceled); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, strings.Split(b.String(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
