package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
)

// The page that -report writes has all runs, each evaluated.
func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "it's here.html")
	status, _, stderr := start(t.Context(), append(tiny, "-runs", "2", "-report", file)...)
	if status != program.ExitOK || stderr != "" {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<h1>2", "One recipe: mean", "resnet9-24, seed 1", "resnet9-24, seed 2", "horizontal stripes", "The worst mistakes",
		"go run ./examples/cifar10 -data synthetic -width 4", "here.html",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// A run that is interrupted is reported as far as it came, in training or in the evaluation behind it.
func TestReportOfInterrupted(t *testing.T) {
	for _, test := range []struct {
		name, epochs string
		cutShort     bool
	}{{"in training", "500", true}, {"in the evaluation", "1", false}} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			file := filepath.Join(t.TempDir(), "report.html")
			stdout, stderr := &cancelOn{text: " %", cancel: cancel}, &bytes.Buffer{} // of the first epoch
			status := run(ctx, append(tiny, "-epochs", test.epochs, "-report", file), stdout, stderr)
			if status != program.ExitInterrupted || stderr.String() != "cifar10: interrupted\n" {
				t.Errorf("exit status %d, stderr %q", status, stderr)
			}
			text, err := os.ReadFile(file)
			if err != nil || strings.Contains(string(text), "cut short") != test.cutShort || strings.Contains(string(text), "The worst mistakes") {
				t.Errorf("error %v, page:\n%s", err, text)
			}
		})
	}
}

// A run can be watched while it goes on, and Ctrl-C ends both at once.
func TestWatch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := make(chan string, 1)
	said := writer(func(text string) {
		if url, found := strings.CutPrefix(text, "watch it on "); found {
			address <- strings.TrimSpace(url)
		}
	})
	ended := make(chan int)
	go func() { ended <- run(ctx, append(tiny, "-epochs", "500", "-watch", ":0"), io.Discard, said) }()
	response, err := http.Get(<-address + "/?events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all strings.Builder
	chunk := make([]byte, 1<<16)
	for !strings.Contains(all.String(), `"text":"Epoch `) {
		n, err := response.Body.Read(chunk)
		if all.Write(chunk[:n]); err != nil {
			t.Fatalf("error %v after %s", err, all.String())
		}
	}
	cancel()
	rest, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(rest), "event: end\n") || !strings.Contains(string(rest), "cut short") {
		t.Errorf("error %v, and at the end: %s", err, rest)
	}
	if status := <-ended; status != program.ExitInterrupted {
		t.Errorf("exit status %d", status)
	}
}

// writer hears what is written.
type writer func(text string)

func (w writer) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}
