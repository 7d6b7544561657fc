package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/chromium"
	"github.com/fastresnet/fastresnet/report"
)

// pages are pages of all kinds.
func pages(t *testing.T) map[string][]report.Run {
	t.Helper()
	one, err := drawn()
	check(t, err)
	one.Command = "go run ./examples/cifar10 -data synthetic -train-limit 1024 -test-limit 400 -width 2 -epochs 4 -report report.html"
	evaluation := *one.Evaluation
	evaluation.Threshold = 0.5
	one.Evaluation = &evaluation
	other, third := one, one
	other.Record.Seed, other.Name = 2, "without cutout"
	other.Record.Recipe = other.Record.Recipe.Clone()
	other.Record.Recipe.Augmentations = other.Record.Recipe.Augmentations[:2]
	other.Record.Recipe.LabelSmoothing = 0.2
	third.Record.Seed, third.Record.Recipe.BatchSize = 3, 64
	third.Evaluation, third.Images = nil, nil
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("class %d", i))
	}
	diverged := history(5, 24)
	diverged.Epochs[4].TrainLoss = nan
	diverged.Epochs[4].Tested = false
	diverged.Warnings = []string{"the training set has images of one class only"}
	return map[string][]report.Run{
		"one": {one}, "several": {one, other, third}, "hundred": {named(t, many...)}, "two": {named(t, "cat", "dog")},
		"hostile":  {named(t, hostile...)},
		"diverged": {{Record: diverged}}, "nothing": {{Record: history(0, 24)}},
	}
}

// TestPages opens pages of all kinds in a browser, wide and narrow, in light and dark: they fit, say nothing to the console and
// ask for nothing. FASTRESNET_TEST_SCREENSHOTS names a folder for pictures of them.
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts a browser")
	}
	browser := chromium.Start(t, chromium.Find(t))
	for name, runs := range pages(t) {
		var b bytes.Buffer
		check(t, report.HTML(&b, runs...))
		file := filepath.Join(t.TempDir(), name+".html")
		check(t, os.WriteFile(file, b.Bytes(), 0o600))
		if b.Len() > 1_000_000 {
			t.Errorf("%s: %d bytes", name, b.Len())
		}
		for _, width := range []int{360, 1280} {
			for _, colours := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s %d %s", name, width, colours), func(t *testing.T) {
					p := browser.Open("file://"+file, colours, width, 900)
					defer p.Close()
					p.Wait(`document.readyState === "complete" && [...document.images].every(image => image.complete)`)
					var wide []string
					p.Evaluate(`[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, pre, .heard, .name") && e.getBoundingClientRect().right > innerWidth)
						.slice(0, 1).map(e => e.outerHTML.slice(0, 200))`, &wide)
					if len(wide) > 0 {
						t.Errorf("wider than the page: %q", wide)
					}
					var broken int
					if p.Evaluate(`[...document.images].filter(image => image.naturalWidth === 0).length`, &broken); broken > 0 {
						t.Errorf("%d images cannot be seen", broken)
					}
					for _, problem := range p.Problems() {
						t.Error(problem)
					}
					for _, at := range p.Requests() {
						if at != "file://"+file && !strings.HasPrefix(at, "data:") {
							t.Errorf("it asks for %s", at)
						}
					}
					if folder := os.Getenv("FASTRESNET_TEST_SCREENSHOTS"); folder != "" {
						check(t, os.MkdirAll(folder, 0o755))
						check(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, width, colours)), p.Screenshot(), 0o644))
					}
				})
			}
		}
	}
}
