package main

import (
	"archive/zip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/chromium"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/fastresnet/fastresnet/pretrained"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// folder has the files, once built has been called: which builds them for all tests.
var (
	folder string
	built  = sync.OnceValues(func() (string, error) {
		var err error
		if folder, err = os.MkdirTemp("", "browser"); err == nil {
			_, err = build(context.Background(), folder)
		}
		return folder, err
	})
)

func TestMain(m *testing.M) {
	status := m.Run()
	if folder != "" {
		os.RemoveAll(folder)
	}
	os.Exit(status)
}

// site serves the files, each as change wants it, if that is not nil.
func site(t testing.TB, change func(w http.ResponseWriter, r *http.Request, usual http.Handler)) (url string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: it builds a program for WebAssembly")
	}
	folder, err := built()
	check(t, err)
	usual := files(folder)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if change == nil {
			usual.ServeHTTP(w, r)
			return
		}
		change(w, r, usual)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// testBrowser is a Chromium.
type testBrowser struct {
	*chromium.Browser
	t testing.TB
}

// tab is the page in it.
type tab struct {
	*chromium.Tab
	t testing.TB
}

// browserFor is a browser for a test that takes some seconds.
func browserFor(t testing.TB) testBrowser {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: it builds a program for WebAssembly and starts a browser")
	}
	return testBrowser{chromium.Start(t, chromium.Find(t)), t}
}

// open opens the page, as the browser does.
func (b testBrowser) open(url, colours string, width, height int) tab {
	b.t.Helper()
	return tab{b.Open(url, colours, width, height), b.t}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// card is what the page shows of a picture.
type card struct {
	Title, Name, Error, Facts string
	Preview                   string // the size of the picture that is shown, if one is
	Classes                   []results.Class
}

// answered waits until the page has n cards and all are finished, and returns the uppermost one.
func (p tab) answered(n int) (c card) {
	p.t.Helper()
	p.Wait(fmt.Sprintf(`document.querySelectorAll(".card").length === %d && !document.querySelector(".card[aria-busy]") &&
		[...document.querySelectorAll(".card")].every(card => card.classList.contains("unseen") || card.querySelector("canvas").width === 32)`, n))
	p.Evaluate(`(card => {
		const text = selector => card.querySelector(selector).innerText.trim();
		const rows = card.querySelector(".classes").checkVisibility({visibilityProperty: true}) ? card.querySelectorAll(".classes li") : [];
		const image = card.querySelector("img");
		return {preview: image.checkVisibility() ? image.naturalWidth + "×" + image.naturalHeight : "",
			title: text("h2"), name: text(".name"), error: text(".error"), facts: text(".facts"), classes: [...rows].map(row => (
			{label: row.querySelector("span").innerText, probability: Number(row.querySelector("data").value)}))};
	})(document.querySelector(".card"))`, &c)
	return c
}

// choose chooses files, as in the dialogue that the browser has for that.
func (p tab) choose(paths ...string) {
	p.t.Helper()
	var document struct{ Root struct{ NodeID int } }
	check(p.t, p.Call(p.Session, "DOM.getDocument", nil, &document))
	var input struct{ NodeID int }
	check(p.t, p.Call(p.Session, "DOM.querySelector", map[string]any{"nodeId": document.Root.NodeID, "selector": "#file"}, &input))
	p.Do("DOM.setFileInputFiles", map[string]any{"nodeId": input.NodeID, "files": paths})
}

// drop drags files from outside over the page and drops them.
func (p tab) drop(paths ...string) {
	p.t.Helper()
	for _, step := range []string{"dragEnter", "dragOver", "drop"} {
		p.Do("Input.dispatchDragEvent", map[string]any{"type": step, "x": 200, "y": 400,
			"data": map[string]any{"items": []any{}, "files": paths, "dragOperationsMask": 1}})
	}
}

// paste pastes a picture that has no name of its own.
func (p tab) paste(content []byte) {
	p.t.Helper()
	p.Evaluate(fmt.Sprintf(`{
		const files = new DataTransfer();
		files.items.add(new File([Uint8Array.from(atob(%q), c => c.charCodeAt(0))], "image.png", {type: "image/png"}));
		document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: files, bubbles: true}));
	}`, base64.StdEncoding.EncodeToString(content)), nil)
}

// ready waits until the page takes pictures.
func (p tab) ready() {
	p.t.Helper()
	p.Wait(`performance.getEntriesByName("ready").length > 0`)
}

// native is what the program outside of the browser says of a picture.
func native(t *testing.T, content []byte) []results.Class {
	t.Helper()
	model, err := pretrained.CIFAR10(fastresnet.WithBackend("go"))
	check(t, err)
	defer model.Close()
	img, err := picture.Decode(t.Context(), content)
	check(t, err)
	predictions, err := model.Predict(t.Context(), img)
	check(t, err)
	return results.Ranking(predictions[0], 5)
}

// turned is a photograph that is stored on its side.
func turned(t *testing.T) []byte {
	t.Helper()
	archive, err := zip.OpenReader("../../data/picture/testdata/pillow.zip")
	check(t, err)
	defer archive.Close()
	file, err := archive.Open("turned-6-little.jpg")
	check(t, err)
	defer file.Close()
	content, err := io.ReadAll(file)
	check(t, err)
	return content
}

// write writes files into a folder and returns their paths.
func write(t testing.TB, contents ...namedContent) (paths []string) {
	t.Helper()
	folder := t.TempDir()
	for _, c := range contents {
		path := filepath.Join(folder, c.name)
		check(t, os.WriteFile(path, c.content, 0o600))
		paths = append(paths, path)
	}
	return paths
}

type namedContent struct {
	name    string
	content []byte
}

// alike are cards that say the same, but for rounding and times.
var alike = cmp.Options{
	cmpopts.EquateApprox(0, 1e-3), cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(results.Class{}, "Class"), cmpopts.IgnoreFields(card{}, "Facts"),
}

// TestPictures gives pictures to the page in all ways, and compares its answers with those of the program outside of the
// browser.
func TestPictures(t *testing.T) {
	browser := browserFor(t)
	url := site(t, nil)
	p := browser.open(url, "light", 1280, 900)
	p.ready()

	shipPNG := testpicture.Encode(t, "png", ship(320, 240))
	if top := native(t, shipPNG)[0]; top.Label != "ship" {
		t.Errorf("the drawn ship is taken for: %+v", top)
	}
	tests := []struct {
		name    string
		file    namedContent
		give    func(paths ...string)
		size    string // and the format
		preview string
		errored string
	}{
		{"chosen", namedContent{"ship.png", shipPNG}, p.choose, "320×240 pixels, PNG", "320×240", ""},
		{"dropped, on its side", namedContent{"turned.jpg", turned(t)}, p.drop, "18×32 pixels, JPEG", "18×32", ""},
		{"pasted", namedContent{"image.png", testpicture.Encode(t, "png", ship(64, 64))}, nil, "64×64 pixels, PNG", "64×64", ""},
		{"a format that Chromium lacks", namedContent{"ship.tiff", testpicture.Encode(t, "tiff", ship(100, 50))}, p.drop, "100×50 pixels, TIFF", "", ""},
		{"a photograph's size", namedContent{"large.jpg", testpicture.Encode(t, "jpeg", ship(1600, 1200))}, p.choose, "1600×1200 pixels, JPEG", "1600×1200", ""},
		{"text", namedContent{"notes.txt", []byte("not a picture")}, p.drop, "", "", "It is no picture that can be read: need " + picture.Formats + "."},
		{"cut off", namedContent{"broken.png", shipPNG[:len(shipPNG)/2]}, p.choose, "", "320×240", "The picture is damaged: png: invalid format: not enough pixel data."},
		{"nothing", namedContent{"empty.png", nil}, p.drop, "", "", "It is empty."},
		{"too many pixels", namedContent{"bomb.png", testpicture.PNGClaiming(60_000, 60_000)}, p.drop, "", "", "It is too large: 60000x60000 pixels, need no more than 25 million in all."},
		{"chosen after the errors", namedContent{"ship.png", shipPNG}, p.choose, "320×240 pixels, PNG", "320×240", ""},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.give == nil {
				p.paste(test.file.content)
			} else {
				test.give(write(t, test.file)...)
			}
			got := p.answered(i + 1)
			t.Log(got)
			want := card{Title: "This did not work", Name: test.file.name, Error: test.errored, Preview: test.preview}
			if test.errored == "" {
				want.Classes = native(t, test.file.content)
				want.Title = want.Classes[0].Label
			}
			if diff := cmp.Diff(want, got, alike); diff != "" {
				t.Errorf("the card (-want +got):\n%s", diff)
			}
			if size, _, _ := strings.Cut(got.Facts, "; "); size != test.size {
				t.Errorf("facts %q, want %q and the time", got.Facts, test.size)
			}
			var said string
			p.Evaluate(`document.getElementById("said").lastChild.textContent`, &said)
			if want := test.file.name + ": "; !strings.HasPrefix(said, want) {
				t.Errorf("those who hear the page hear %q, want %q and the answer", said, want)
			}
		})
	}
	behaves(t, p, url)
}

// TestUnknown has the page name the best class of an answer below the model's threshold.
func TestUnknown(t *testing.T) {
	browser := browserFor(t)
	p := browser.open(site(t, nil), "light", 800, 600)
	for unknown, want := range map[bool]string{false: "cat", true: "cat?"} {
		var got string
		p.Evaluate(fmt.Sprintf(`import("./card.js").then(card => card.best({classes: [{label: "cat"}], unknown: %v}))`, unknown), &got)
		if got != want {
			t.Errorf("unknown %v: %q, want %q", unknown, got, want)
		}
	}
}

// behaves holds what is true of a page at its end: no errors of JavaScript, and nothing asked for but its files.
func behaves(t *testing.T, p tab, url string) {
	t.Helper()
	for _, problem := range p.Problems() {
		t.Error(problem)
	}
	requests := p.Requests()
	if len(requests) == 0 {
		t.Error("no request was seen")
	}
	for _, at := range requests {
		if !strings.HasPrefix(at, url+"/") && !strings.HasPrefix(at, "blob:") && !strings.HasPrefix(at, "data:") {
			t.Errorf("it asks for %s", at)
		}
	}
}

// loading is a page whose program does not come before the channel is closed.
func loading(t *testing.T, browser testBrowser) (p tab, url string, arrive chan struct{}) {
	t.Helper()
	arrive = make(chan struct{})
	url = site(t, func(w http.ResponseWriter, r *http.Request, usual http.Handler) {
		if strings.HasSuffix(r.URL.Path, ".wasm") {
			select {
			case <-arrive:
			case <-t.Context().Done(): // a test that failed before
			}
		}
		usual.ServeHTTP(w, r)
	})
	p = browser.open(url, "light", 390, 844)
	p.Wait(`document.getElementById("state")?.innerText.startsWith("Loading the network") && document.readyState === "complete"`)
	return p, url, arrive
}

// TestSeveral drops pictures while the program is still on its way, and one among them is none. Nothing moves when it comes, nor
// with the answers.
func TestSeveral(t *testing.T) {
	browser := browserFor(t)
	p, url, arrive := loading(t, browser)
	png := testpicture.Encode(t, "png", ship(64, 64))
	p.drop(write(t, namedContent{"1.png", png}, namedContent{"2.txt", []byte("text")}, namedContent{"3.png", png})...)
	p.Wait(`document.querySelectorAll(".card[aria-busy]").length === 3`)
	var before, after []float64
	const places = `[...document.querySelectorAll("body *")].filter(e => !e.closest("#loading *, .classes, .error, .heard, canvas")).map(e => e.getBoundingClientRect()).flatMap(r => [r.y, r.height])`
	p.Evaluate(places, &before)
	close(arrive)
	p.answered(3)
	p.Evaluate(places, &after)
	if diff := cmp.Diff(before, after, cmpopts.EquateApprox(0, 1)); diff != "" {
		t.Errorf("places and heights, while the pictures wait and with the answers (-before +after):\n%s", diff)
	}
	var titles []string
	p.Evaluate(`[...document.querySelectorAll(".card")].map(card => card.querySelector(".name").innerText + ": " + card.querySelector("h2").innerText)`, &titles)
	if diff := cmp.Diff([]string{"1.png: ship", "2.txt: This did not work", "3.png: ship"}, titles); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
	var wide bool
	if p.Evaluate("document.documentElement.scrollWidth > innerWidth", &wide); wide {
		t.Error("the page is wider than its window")
	}
	behaves(t, p, url)
}

// TestCardResizes has a card show of a picture, twice as wide as high, what a model gets that resizes it in some way.
func TestCardResizes(t *testing.T) {
	browser := browserFor(t)
	p := browser.open(site(t, nil), "light", 390, 844)
	p.ready()
	var own string
	p.Evaluate(`document.body.dataset.resizing`, &own)
	if own != "crop" {
		t.Errorf("the page has cards resize pictures by %q, want as its model was trained", own)
	}
	const red, green, blue, black = "255 0 0", "0 255 0", "0 0 255", "0 0 0"
	for _, test := range []struct {
		resizing data.Resizing
		want     []string // left, right, top and bottom
	}{
		{data.ResizeByCropping, []string{green, green, green, green}},
		{data.ResizeByStretching, []string{red, blue, green, green}},
		{data.ResizeByPadding, []string{red, blue, black, black}},
	} {
		var got []string
		p.Evaluate(fmt.Sprintf(`(async () => {
			const picture = new OffscreenCanvas(64, 32), pen = picture.getContext("2d");
			for (const [colour, x, width] of [["#f00", 0, 16], ["#0f0", 16, 32], ["#00f", 48, 16]]) {
				pen.fillStyle = colour;
				pen.fillRect(x, 0, width, 32);
			}
			const {Card} = await import("./card.js");
			const card = new Card(new File([await picture.convertToBlob()], "a.png"), 32, %q);
			const seen = card.element.querySelector("canvas");
			while (seen.width !== 32) await new Promise(later => setTimeout(later, 5));
			const colour = (x, y) => [...seen.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3)].join(" ");
			return [colour(1, 16), colour(30, 16), colour(16, 1), colour(16, 30)];
		})()`, test.resizing), &got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("resizing %q: left, right, top and bottom (-want +got):\n%s", test.resizing, diff)
		}
	}
}

// TestTooMany has more files chosen than the page shows: it says so, and those that newer ones push out are not looked at.
func TestTooMany(t *testing.T) {
	browser := browserFor(t)
	p, _, arrive := loading(t, browser)
	lot := func(name string, n int) (files []namedContent) {
		for i := range n {
			files = append(files, namedContent{fmt.Sprintf("%s-%d.txt", name, i+1), []byte("text")})
		}
		return files
	}
	p.drop(write(t, lot("old", 22)...)...)
	const complaint = `document.getElementById("state").innerText === "Only the first 20 of the 22 files were taken."`
	p.Wait(complaint)
	p.drop(write(t, lot("new", 5)...)...)
	const begins = `document.getElementById("state").innerText.startsWith(%q)`
	p.Wait(fmt.Sprintf(begins, "Loading the network")) // the complaint was about the other files
	p.Evaluate(`document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: new DataTransfer(), bubbles: true}))`, nil)
	close(arrive)
	p.answered(20)
	p.Wait(fmt.Sprintf(begins, "That is no file.")) // it stays
	var names []string
	p.Evaluate(`[...document.querySelectorAll("#said p")].map(p => p.textContent.split(":")[0])`, &names)
	var want []string
	for _, file := range append(lot("old", 15), lot("new", 5)...) {
		want = append(want, file.name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
	p.drop(write(t, lot("last", 1)...)...)
	p.Wait(fmt.Sprintf(begins, "Ready: "))
}

// TestKeyboard comes to the choice of pictures with Tab, and sees where it is.
func TestKeyboard(t *testing.T) {
	p := browserFor(t).open(site(t, nil), "dark", 1280, 900)
	p.ready()
	p.Press("Tab", 9)
	var got []string
	p.Evaluate(`[document.activeElement.id, getComputedStyle(document.getElementById("drop")).outlineStyle]`, &got)
	if diff := cmp.Diff([]string{"file", "solid"}, got); diff != "" {
		t.Errorf("focus and its outline (-want +got):\n%s", diff)
	}
}

// TestTrouble has files that are missing, and a program that ends.
func TestTrouble(t *testing.T) {
	browser := browserFor(t)
	png := namedContent{"ship.png", testpicture.Encode(t, "png", ship(64, 64))}
	for _, test := range []struct {
		name   string
		file   string // which is not as it should be
		change func(w http.ResponseWriter, r *http.Request, usual http.Handler)
		state  string
	}{
		{"no program", "/classify.wasm", func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) }, "classify.wasm could not be loaded: status 404"},
		{"no program, but a page", "/classify.wasm", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { io.WriteString(w, "<html>") }, "magic"},
		{"no support", "/wasm_exec.js", func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) }, "The network could not be loaded."},
		{"no worker", "/worker.js", func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) }, "The network could not be loaded. Its files could not be loaded."},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := browser.open(site(t, func(w http.ResponseWriter, r *http.Request, usual http.Handler) {
				if r.URL.Path == test.file {
					test.change(w, r, usual)
					return
				}
				usual.ServeHTTP(w, r)
			}), "light", 1280, 900)
			p.Wait(`document.getElementById("state")?.classList.contains("bad")`)
			var state string
			if p.Evaluate(`document.getElementById("state").innerText`, &state); !strings.Contains(state, test.state) {
				t.Errorf("state %q, want %q", state, test.state)
			}
			p.choose(write(t, png)...)
			if got := p.answered(1); got.Error != "The network is not there." {
				t.Errorf("a picture: %+v", got)
			}
			p.Close()
		})
	}

	t.Run("a script that is missing", func(t *testing.T) {
		p := browser.open(site(t, func(w http.ResponseWriter, r *http.Request, usual http.Handler) {
			if r.URL.Path == "/card.js" {
				http.NotFound(w, r)
				return
			}
			usual.ServeHTTP(w, r)
		}), "light", 1280, 900)
		p.Wait(`document.getElementById("state")?.innerText.startsWith("A file of this page could not be loaded.")`)
		p.Close()
	})

	t.Run("opened as a file", func(t *testing.T) {
		folder, err := built()
		check(t, err)
		p := browser.open("file://"+folder+"/"+pageFile, "light", 1280, 900)
		p.Wait(`document.getElementById("state")?.innerText === "Browsers run this page from a web server only, not from a file."`)
		p.Close()
	})

	t.Run("a picture ends the program", func(t *testing.T) {
		p := browser.open(site(t, func(w http.ResponseWriter, r *http.Request, usual http.Handler) {
			if r.URL.Path != "/worker.js" {
				usual.ServeHTTP(w, r)
				return
			}
			script := httptest.NewRecorder()
			usual.ServeHTTP(script, r)
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, script.Body, `; const usual = onmessage; onmessage = e => e.data.name === "heavy.png" ? failed("the program ended") : usual(e);`)
		}), "light", 1280, 900)
		p.ready()
		p.choose(write(t, namedContent{"heavy.png", png.content})...)
		if got := p.answered(1); !strings.HasPrefix(got.Error, "The network had to stop at this picture") {
			t.Errorf("the heavy picture: %+v", got)
		}
		p.choose(write(t, png)...)
		if got := p.answered(2); got.Title != "ship" {
			t.Errorf("the next picture: %+v", got)
		}
	})
}
