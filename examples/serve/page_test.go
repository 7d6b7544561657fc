package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/chromium"
	"github.com/google/go-cmp/cmp"
)

// TestPageResizes has the page show of a picture, twice as wide as high, what a model gets that resizes it in some way.
func TestPageResizes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts a browser")
	}
	browser := chromium.Start(t, chromium.Find(t))
	const red, green, blue, black = "255 0 0", "0 255 0", "0 0 255", "0 0 0"
	for _, test := range []struct {
		name                     string
		resizing                 data.Resizing
		left, right, top, bottom string
	}{
		{"crop", data.ResizeByCropping, green, green, green, green},
		{"stretch", data.ResizeByStretching, red, blue, green, green},
		{"pad", data.ResizeByPadding, red, blue, black, black},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(modelOf(t, test.resizing), "test", usual, slog.New(slog.DiscardHandler))
			server := httptest.NewServer(s.handler()) // which waits for none of the browser's connections
			t.Cleanup(server.Close)
			page := browser.Open(server.URL, "light", 800, 600)
			page.Wait(`model !== null`)
			page.Evaluate(`(async () => {
				const picture = new OffscreenCanvas(64, 32), pen = picture.getContext("2d");
				for (const [colour, x, width] of [["#f00", 0, 16], ["#0f0", 16, 32], ["#00f", 48, 16]]) {
					pen.fillStyle = colour;
					pen.fillRect(x, 0, width, 32);
				}
				await classify(new File([await picture.convertToBlob()], "a.png"));
				return true;
			})()`, new(bool))
			page.Wait(`!get("result").hidden`)
			colour := func(x, y int) (c string) {
				page.Evaluate(fmt.Sprintf(`[...get("seen").getContext("2d").getImageData(%d, %d, 1, 1).data.slice(0, 3)].join(" ")`, x, y), &c)
				return c
			}
			got := []string{colour(1, 16), colour(30, 16), colour(16, 1), colour(16, 30)}
			if diff := cmp.Diff([]string{test.left, test.right, test.top, test.bottom}, got); diff != "" {
				t.Errorf("left, right, top and bottom (-want +got):\n%s", diff)
			}
			if problems := page.Problems(); len(problems) > 0 {
				t.Errorf("%q", problems)
			}
		})
	}
}

// TestPageKeepsUp has something else come while the browser reads a picture that was answered: the page shows the latest alone.
func TestPageKeepsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts a browser")
	}
	browser := chromium.Start(t, chromium.Find(t))
	server := httptest.NewServer(newTestService(t, usual).handler())
	t.Cleanup(server.Close)
	type shown struct {
		Error, Result, Pictures bool
		Facts                   string
	}
	for _, test := range []struct {
		name, next string
		want       shown
	}{
		{"no file", `take([])`, shown{Error: true}},
		{"a file that is too large", `await classify(new File([new Uint8Array(model.max_bytes + 1)], "large.png"))`, shown{Error: true}},
		{"another picture", `await classify(await file(8, 4))`, shown{Result: true, Pictures: true, Facts: "8×4 pixels"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := browser.Open(server.URL, "light", 800, 600)
			page.Wait(`model !== null`)
			var got shown
			page.Evaluate(`(async () => {
				const file = async (width, height) => {
					const picture = new OffscreenCanvas(width, height);
					picture.getContext("2d").fillRect(0, 0, width, height);
					return new File([await picture.convertToBlob()], "a.png");
				};
				const usual = HTMLImageElement.prototype.decode;
				let go;
				const read = new Promise(done => { go = done; });
				HTMLImageElement.prototype.decode = async function() { await read; return usual.call(this); };
				const first = classify(await file(64, 32));
				while (!get("picture").src) await new Promise(later => setTimeout(later, 5));
				HTMLImageElement.prototype.decode = usual;
				`+test.next+`;
				go();
				await first;
				return {error: !get("error").hidden, result: !get("result").hidden, pictures: !get("pictures").hidden && !get("result").hidden,
					facts: get("facts").textContent.split(",")[0]};
			})()`, &got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPageMarksUnknown has the page show an answer below the model's threshold.
func TestPageMarksUnknown(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts a browser")
	}
	browser := chromium.Start(t, chromium.Find(t))
	server := httptest.NewServer(newTestService(t, usual).handler())
	t.Cleanup(server.Close)
	page := browser.Open(server.URL, "light", 800, 600)
	page.Wait(`model !== null`)
	const answer = `{classes: [{label: "cat", probability: 0.4}], unknown: %v, format: "png", width: 1, height: 1, milliseconds: 1}`
	for unknown, want := range map[bool]string{false: "It takes this for: cat", true: "It takes this for: cat?"} {
		var got string
		page.Evaluate(fmt.Sprintf(`show(`+answer+`), get("status").textContent`, unknown), &got)
		if got != want {
			t.Errorf("unknown %v: %q, want %q", unknown, got, want)
		}
	}
}

// modelOf is trained little, on images of pictures that were resized in some way.
func modelOf(t *testing.T, resizing data.Resizing) *fastresnet.Model {
	t.Helper()
	set, err := data.Synthetic(64, 1)
	if err == nil {
		set, err = set.WithResizing(resizing)
	}
	if err != nil {
		t.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(), fastresnet.WithDataset(set, nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(2), fastresnet.WithBatchSize(32), fastresnet.WithEpochs(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { result.Model.Close() })
	return result.Model
}
