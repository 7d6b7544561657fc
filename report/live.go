package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// Live is the page of runs while they go on, one after the other. It hears of them by its [Live.Observer], and shows them to
// whoever opens it by [Live.ServeHTTP], up to 16 viewers at a time.
//
// Training waits for no viewer: it only leaves word of where it is, in memory. Viewers look there twice a second, and each is
// sent what is newest then: what a slow one misses is dropped, and one that takes nothing for 10 s is gone. The page is drawn at
// most once a second for all of them, and seldom enough that drawing takes about 0.5 % of one processor's time.
//
// Its zero value is ready to use. Its methods may be called from any goroutine.
type Live struct {
	mu       sync.Mutex
	runs     []Run
	progress fastresnet.Progress // of the last run
	going    bool                // the last run goes on
	version  int                 // of the page: counts what changed, but for the progress
	ended    bool

	viewers int
	drawing sync.Mutex
	drawn   drawnPage
}

// drawnPage is the page at some time.
type drawnPage struct {
	version int // that it shows; 0 before it was drawn
	page    *page
	main    []byte // what a viewer's page gets of it
	failed  error
	at      time.Time
	took    time.Duration
}

const (
	// mostViewers is how many pages are kept up to date at a time.
	mostViewers = 16
	// look is how often a viewer looks for news.
	look = 500 * time.Millisecond
	// patience is how long one may take to receive some.
	patience = 10 * time.Second
	// mostDrawing is the share of one processor's time that drawing takes, about.
	mostDrawing = 0.005
	// oftenest is how often it is drawn at most.
	oftenest = time.Second
)

// Observer hears of the runs: it belongs among those of [fastresnet.WithProgress].
func (l *Live) Observer() fastresnet.Observer {
	return fastresnet.Observer{
		Start: func(r *fastresnet.Result) {
			run := Run{Record: r.Record, running: true}
			for _, e := range r.Epochs { // those before the checkpoint that it goes on from
				run.took(e)
			}
			l.change(func() {
				l.runs, l.going, l.progress = append(slices.Clip(l.runs), run), true, fastresnet.Progress{}
			})
		},
		Step: func(p fastresnet.Progress) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.progress = p
		},
		Epoch: func(e fastresnet.Epoch) {
			l.changeLast(func(r *Run) {
				r.Record.Epochs = append(slices.Clip(r.Record.Epochs), e)
				r.took(e)
				r.Record.Timing.ImagesPerSecond = l.progress.ImagesPerSecond
			})
		},
		End: func(result *fastresnet.Result, _ error) error {
			l.changeLast(func(r *Run) {
				if l.going, r.running = false, false; result != nil {
					r.Record = result.Record
				}
			})
			return nil
		},
	}
}

// took adds the time of an epoch to that of its run, which does not know it before its end.
func (r *Run) took(e fastresnet.Epoch) {
	r.Record.Timing.Train += e.TrainTime
	r.Record.Timing.Total = e.TotalTime
}

// Finish shows the viewers these runs, evaluations and all, in the place of those that were heard of, or these if none are
// given, and ends with that: their pages stay as they are then.
func (l *Live) Finish(runs ...Run) {
	l.change(func() {
		if l.going, l.ended = false, true; len(runs) > 0 {
			l.runs = slices.Clone(runs)
		}
	})
}

// change changes what the page shows.
func (l *Live) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.version++
}

// changeLast changes what it shows of the last run.
func (l *Live) changeLast(f func(*Run)) {
	l.change(func() {
		if len(l.runs) == 0 {
			return
		}
		l.runs = slices.Clone(l.runs)
		f(&l.runs[len(l.runs)-1])
	})
}

// situation is where the runs are.
type situation struct {
	runs           []Run // which nobody changes
	version        int
	ended, started bool
	text           string
	done           float64 // of the last run's steps, 0 to 1
}

// situation is where they are now.
func (l *Live) situation() situation {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := situation{runs: l.runs, version: l.version, ended: l.ended, started: len(l.runs) > 0}
	switch p := l.progress; {
	case l.ended:
		s.text, s.done = "The runs have ended.", 1
	case !s.started:
		s.text = "Waiting for the run to start."
	case !l.going:
		s.text, s.done = "The run has ended; more may come.", 1
	case p.Steps == 0:
		s.text = "The first step is on its way."
	default:
		s.text, s.done = progressText(p, l.runs[len(l.runs)-1].Record), float64(p.Taken)/float64(max(1, p.Total))
	}
	return s
}

// progressText says where a run is.
func progressText(p fastresnet.Progress, r fastresnet.Record) string {
	text := fmt.Sprintf("Epoch %d of %d, step %s of %s", p.Epoch, p.Epochs, digits.Count(p.Step), digits.Count(p.Steps))
	if finite(p.Loss) && p.Loss != 0 {
		text += ", loss " + number(p.Loss, 4)
	}
	if p.ImagesPerSecond <= 0 || !finite(p.ImagesPerSecond) {
		return text
	}
	left := float64(p.Total-p.Taken) * float64(min(r.Recipe.ImagesPerStep(), r.TrainImages)) / p.ImagesPerSecond
	return fmt.Sprintf("%s; %s%simages/s; training takes %s more, and tests come on top", text, digits.Count(int(p.ImagesPerSecond)), space,
		duration(time.Duration(left*float64(time.Second))))
}

// draw draws the page of a situation, if it is time; else it is an older one. It is nil before the first.
func (l *Live) draw(s situation) drawnPage {
	l.drawing.Lock()
	defer l.drawing.Unlock()
	d := l.drawn
	pause := max(oftenest, time.Duration(float64(d.took)/mostDrawing))
	if d.version >= s.version || d.version > 0 && !s.ended && time.Since(d.at) < pause {
		return d
	}
	start := time.Now()
	next := drawnPage{version: s.version, at: start}
	if next.page, next.failed = newPage(s.runs); next.failed == nil {
		var b bytes.Buffer
		next.failed = next.page.writeMain(&b)
		next.main = b.Bytes()
	}
	next.took = time.Since(start)
	l.drawn = next
	return next
}

// ServeHTTP answers GET and HEAD with the page; with the query "events" it is a stream of server-sent events, which the page asks
// for itself. It takes no request's body, and looks at no path: mount it where you like. It has no passwords: see to it that only
// those can reach it who may see the run, its pictures and the names of its files among it.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "need GET", http.StatusMethodNotAllowed)
		return
	}
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
		http.Error(w, "need a request without a body", http.StatusRequestEntityTooLarge)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if r.URL.RawQuery == "events" && r.Method == http.MethodGet {
		l.stream(w, r)
		return
	}
	l.servePage(w)
}

// servePage answers with the page as it is.
func (l *Live) servePage(w http.ResponseWriter) {
	s := l.situation()
	p := page{Title: "No run yet · fastresnet", Headline: "No run yet"}
	if s.started {
		d := l.draw(s)
		if d.failed != nil {
			http.Error(w, d.failed.Error(), http.StatusInternalServerError)
			return
		}
		p = *d.page
	}
	if !s.ended {
		p.Live, p.LiveDone = s.text, s.done
	}
	var b bytes.Buffer
	if err := p.write(&b); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", p.Policy()+"; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // fails if the viewer is gone
}

// enter lets a viewer in, if there are not too many.
func (l *Live) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.viewers == mostViewers {
		return false
	}
	l.viewers++
	return true
}

func (l *Live) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.viewers--
}

// stream sends a viewer what is new until it is gone, or the runs have ended.
func (l *Live) stream(w http.ResponseWriter, r *http.Request) {
	if !l.enter() {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer l.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold back what is little
	out := &events{w: w, control: http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // which is for requests, and would end the stream
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	var version int // of the page that the viewer has
	var told situation
	for {
		s := l.situation()
		if s.text != told.text && !s.ended {
			out.send("progress", progressJSON(s))
		}
		if s.started && s.version != version {
			if d := l.draw(s); d.failed == nil && d.version != version {
				out.send("page", string(d.main))
				version = d.version
			}
		}
		if s.ended {
			out.send("end", s.text+" This page stays as it is.")
		}
		if told = s; s.ended || out.err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
	}
}

// progressJSON is what the page's script reads.
func progressJSON(s situation) string {
	text, _ := json.Marshal(struct { // no error: it is text and a finite number
		Text string  `json:"text"`
		Done float64 `json:"done"`
	}{s.text, s.done})
	return string(text)
}

// events are written to a viewer.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error // the first one
}

// lines ends lines as server-sent events want them.
var lines = strings.NewReplacer("\r\n", "\ndata: ", "\n", "\ndata: ", "\r", "\ndata: ")

// send sends an event, within a time.
func (e *events) send(name, data string) {
	if e.err != nil {
		return
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(patience)) // a writer that knows none is its owner's
	_, err := fmt.Fprintf(e.w, "event: %s\ndata: %s\n\n", name, lines.Replace(data))
	e.err = cmp.Or(err, e.control.Flush())
}
