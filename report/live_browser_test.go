package report_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/chromium"
	"github.com/fastresnet/fastresnet/report"
	"github.com/google/go-cmp/cmp"
)

// TestLiveInBrowser has a page follow a run: what is open stays open, and the keyboard stays where it is.
func TestLiveInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts a browser")
	}
	browser := chromium.Start(t, chromium.Find(t))
	var live report.Live
	server := httptest.NewServer(&live)
	defer server.Close()
	p := browser.Open(server.URL+"/", "light", 360, 800)
	const state = `document.getElementById("state").textContent`
	p.Wait(state + ` === "Waiting for the run to start."`)

	observer, record := live.Observer(), history(3, 24)
	started := record
	started.Epochs = record.Epochs[:1]
	observer.Start(&fastresnet.Result{Record: started})
	p.Wait(`document.querySelector("h1").textContent.startsWith("24.91")`)
	p.Evaluate(`document.querySelector("#run-1-epochs summary").focus()`, nil)
	p.Evaluate(`document.activeElement.click()`, nil)
	p.Wait(`document.querySelector("#run-1-epochs").open`)
	observer.Epoch(record.Epochs[1])
	observer.Step(fastresnet.Progress{Epoch: 3, Epochs: 24, Step: 10, Steps: 97, Taken: 204, Total: 2328, Loss: 1.25, ImagesPerSecond: 2345})
	p.Wait(`document.querySelector("h1").textContent.startsWith("40.41")`)
	p.Wait(state + `.startsWith("Epoch 3 of 24, step 10 of 97, loss 1.2500; 2,345")`)
	var got []any
	p.Evaluate(`[document.getElementById("run-1-epochs").open, document.activeElement.parentNode.id, document.querySelectorAll("#run-1-epochs tbody tr").length]`, &got)
	if diff := cmp.Diff([]any{true, "run-1-epochs", 2.}, got); diff != "" {
		t.Errorf("open, focused and epochs (-want +got):\n%s", diff)
	}
	if folder := os.Getenv("FASTRESNET_TEST_SCREENSHOTS"); folder != "" {
		check(t, os.WriteFile(filepath.Join(folder, "live.png"), p.Screenshot(), 0o644))
	}
	live.Finish(report.Run{Record: record, Name: "the last word"})
	p.Wait(state + ` === "The runs have ended. This page stays as it is."`)
	p.Wait(`document.querySelector(".lead").textContent.startsWith("the last word")`)
	var wide bool
	if p.Evaluate("document.documentElement.scrollWidth > innerWidth", &wide); wide {
		t.Error("the page is wider than the window")
	}
	for _, problem := range p.Problems() {
		t.Error(problem)
	}
	for _, at := range p.Requests() {
		if !strings.HasPrefix(at, server.URL+"/") && !strings.HasPrefix(at, "data:") {
			t.Errorf("it asks for %s", at)
		}
	}
}

// TestLiveBehindProxy has a page go on when a proxy before the program, which answered for it, reaches it again.
func TestLiveBehindProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts a browser")
	}
	browser := chromium.Start(t, chromium.Find(t))
	var live report.Live
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "the program cannot be reached", http.StatusBadGateway)
			return
		}
		live.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer live.Finish() // which ends the streams that Close waits for
	p := browser.Open(server.URL+"/", "light", 360, 800)
	const state = `document.getElementById("state").textContent`
	p.Wait(state + ` === "Waiting for the run to start."`)
	p.Evaluate(`{ const later = setTimeout; window.setTimeout = f => { later(f, 100); }; }`, nil) // in place of 10 s
	down.Store(true)
	server.CloseClientConnections()
	p.Wait(state + `.startsWith("The program cannot be reached, or has too many pages open; ")`)
	down.Store(false)
	p.Wait(state + ` === "Waiting for the run to start."`)
}
