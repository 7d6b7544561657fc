// Package chromium has tests drive a Chromium without windows, by its DevTools protocol, over two pipes.
package chromium

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Browser is a Chromium that a test has started.
type Browser struct {
	t  testing.TB
	to *os.File

	mu      sync.Mutex
	number  int
	waiting map[int]chan reply
	events  []event
	gone    chan struct{} // closed when the browser is
}

// reply answers a command.
type reply struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// event is what happened in the browser.
type event struct {
	Session, Method string
	Params          json.RawMessage
}

// Find is the browser's program, which CHROMIUM names if it is not in PATH. Tests without one are skipped.
func Find(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("programs get no pipes here, by which the browser is driven")
	}
	if named := os.Getenv("CHROMIUM"); named != "" {
		return named
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium in PATH (Debian: apt-get install chromium), and CHROMIUM names none")
	return ""
}

// Start starts a browser without windows, which ends with the test.
func Start(t testing.TB, path string) *Browser {
	t.Helper()
	commands, to, err := os.Pipe()
	check(t, err)
	from, answers, err := os.Pipe()
	check(t, err)
	profile, err := os.MkdirTemp("", "chromium") // not the test's: what is left of the browser may write for a moment
	check(t, err)
	args := []string{"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--no-first-run", "--disable-gpu",
		"--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions", "--hide-scrollbars"}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	command := exec.Command(path, append(args, "about:blank")...)
	command.ExtraFiles = []*os.File{commands, answers} // its files 3 and 4
	check(t, command.Start())
	commands.Close()
	answers.Close()
	c := &Browser{t: t, to: to, waiting: map[int]chan reply{}, gone: make(chan struct{})}
	go c.listen(from)
	t.Cleanup(func() {
		to.Close() // which ends it
		killing := time.AfterFunc(20*time.Second, func() { _ = command.Process.Kill() })
		_ = command.Wait()
		killing.Stop()
		os.RemoveAll(profile)
	})
	return c
}

// listen takes what the browser says until it is gone.
func (c *Browser) listen(from *os.File) {
	defer close(c.gone)
	defer from.Close()
	for in := bufio.NewReader(from); ; {
		text, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var message struct {
			ID        int
			SessionID string `json:"sessionId"`
			Method    string
			Params    json.RawMessage
			reply
		}
		if json.Unmarshal(text[:len(text)-1], &message) != nil {
			continue
		}
		c.mu.Lock()
		if message.Method != "" {
			c.events = append(c.events, event{message.SessionID, message.Method, message.Params})
		} else if answered := c.waiting[message.ID]; answered != nil {
			answered <- message.reply
			delete(c.waiting, message.ID)
		}
		c.mu.Unlock()
	}
}

// Call sends a command to a session, or to the browser if that is "", and stores the result if that is not nil.
func (c *Browser) Call(session, method string, params map[string]any, result any) error {
	c.mu.Lock()
	c.number++
	answered := make(chan reply, 1)
	c.waiting[c.number] = answered
	text, err := json.Marshal(struct {
		ID        int            `json:"id"`
		SessionID string         `json:"sessionId,omitempty"`
		Method    string         `json:"method"`
		Params    map[string]any `json:"params,omitempty"`
	}{c.number, session, method, params})
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if _, err := c.to.Write(append(text, 0)); err != nil {
		return err
	}
	select {
	case r := <-answered:
		if r.Error != nil {
			return fmt.Errorf("%s: %s", method, r.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-c.gone:
		return fmt.Errorf("%s: the browser is gone", method)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer within %v", method, patience)
	}
}

// patience is how long a busy machine may take for anything.
const patience = 3 * time.Minute

// Tab is a page of the browser.
type Tab struct {
	*Browser
	// Session is the page's, for commands and events.
	Session string
	target  string
}

// Open opens a page of some size, in light or dark colours.
func (c *Browser) Open(url, colours string, width, height int) *Tab {
	c.t.Helper()
	p := &Tab{Browser: c}
	var created struct{ TargetID string }
	check(c.t, c.Call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &created))
	p.target, p.Session = created.TargetID, c.Attach(created.TargetID)
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "DOM"} {
		p.Do(domain+".enable", nil)
	}
	p.Do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
	p.Do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": colours}}})
	p.Do("Page.navigate", map[string]any{"url": url})
	return p
}

// Attach returns a session with a page or a worker.
func (c *Browser) Attach(target string) string {
	c.t.Helper()
	var attached struct{ SessionID string }
	check(c.t, c.Call("", "Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}, &attached))
	return attached.SessionID
}

// Close closes the page.
func (p *Tab) Close() {
	p.t.Helper()
	check(p.t, p.Call("", "Target.closeTarget", map[string]any{"targetId": p.target}, nil))
}

// Do sends a command to the page.
func (p *Tab) Do(method string, params map[string]any) {
	p.t.Helper()
	check(p.t, p.Call(p.Session, method, params, nil))
}

// Evaluate stores what an expression of JavaScript is in the page, once its promise is kept.
func (p *Tab) Evaluate(expression string, value any) {
	p.t.Helper()
	check(p.t, p.EvaluateIn(p.Session, expression, value))
}

// EvaluateIn is Evaluate in a session of the page: its own, or a worker's.
func (p *Tab) EvaluateIn(session, expression string, value any) error {
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	params := map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}
	if err := p.Call(session, "Runtime.evaluate", params, &out); err != nil {
		return err
	}
	if e := out.ExceptionDetails; e != nil {
		return fmt.Errorf("%s: %s", expression, cmp.Or(e.Exception.Description, e.Text))
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(out.Result.Value, value)
}

// Screenshot is a picture of the whole page, a PNG.
func (p *Tab) Screenshot() []byte {
	p.t.Helper()
	var shot struct{ Data []byte }
	check(p.t, p.Call(p.Session, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot))
	return shot.Data
}

// Wait waits until an expression is true.
func (p *Tab) Wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		// Between two pages there may be none to ask.
		var is bool
		if err := p.EvaluateIn(p.Session, expression, &is); err == nil && is {
			return
		}
		select {
		case <-ctx.Done():
			var text string
			p.Evaluate("document.body.innerText", &text)
			p.t.Fatalf("%s: not within %v; the page says:\n%s", expression, patience, text)
		case <-p.gone:
			p.t.Fatalf("%s: the browser is gone", expression)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Happened are the events of some kind on the page so far, decoded.
func Happened[T any](p *Tab, method string) []T {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []T
	for _, e := range p.events {
		if e.Session != p.Session || e.Method != method {
			continue
		}
		var v T
		check(p.t, json.Unmarshal(e.Params, &v))
		all = append(all, v)
	}
	return all
}

// Problems are what the page's scripts have thrown, what they have written to the console, and what the browser logged as
// errors.
func (p *Tab) Problems() (problems []string) {
	p.t.Helper()
	type exception struct {
		ExceptionDetails struct{ Exception struct{ Description string } }
	}
	for _, e := range Happened[exception](p, "Runtime.exceptionThrown") {
		problems = append(problems, "exception: "+e.ExceptionDetails.Exception.Description)
	}
	type message struct{ Args []json.RawMessage }
	for _, m := range Happened[message](p, "Runtime.consoleAPICalled") {
		problems = append(problems, fmt.Sprintf("console: %s", m.Args))
	}
	type entry struct{ Entry struct{ Level, Text string } }
	for _, e := range Happened[entry](p, "Log.entryAdded") {
		if e.Entry.Level == "error" {
			problems = append(problems, "log: "+e.Entry.Text)
		}
	}
	return problems
}

// Requests are the addresses that the page has asked for, its own among them.
func (p *Tab) Requests() (addresses []string) {
	p.t.Helper()
	type request struct{ Request struct{ URL string } }
	for _, r := range Happened[request](p, "Network.requestWillBeSent") {
		addresses = append(addresses, r.Request.URL)
	}
	return addresses
}

// Press presses and releases a key, by its name and its code for Windows.
func (p *Tab) Press(key string, code int) {
	p.t.Helper()
	for _, kind := range []string{"rawKeyDown", "keyUp"} {
		p.Do("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code})
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
