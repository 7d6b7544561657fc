package download_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data/download"
)

// content is what is downloaded: enough for several reads.
var content = bytes.Repeat([]byte("0123456789abcdef"), 20_000)

// server answers requests for a file in one way after the other, the last one for good.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	answers []http.HandlerFunc
	ranges  []string // of the requests
}

func newServer(t *testing.T, answers ...http.HandlerFunc) *server {
	s := &server{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		answer := s.answers[min(len(s.ranges), len(s.answers)-1)]
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// The ways to answer.
var (
	good = func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "file.bin", time.Time{}, bytes.NewReader(content))
	}
	// whole ignores ranges.
	whole = func(w http.ResponseWriter, _ *http.Request) { w.Write(content) }
	// half ends the connection in the middle.
	half = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:len(content)/2])
	}
	// short claims that the middle is the end.
	short = func(w http.ResponseWriter, _ *http.Request) { w.Write(content[:len(content)/2]) }
	long  = func(w http.ResponseWriter, _ *http.Request) { w.Write(append(bytes.Clone(content), 'x')) }
	other = func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "file.bin", time.Time{}, bytes.NewReader(bytes.ToUpper(content)))
	}
	page = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<html>please log in</html>")
	}
	wrongRange = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(content)-1, len(content)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(content)
	}
	stalls = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
)

// status answers with no more than that.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

// quick is a client that tries again soon, and impatient one that gives up soon, too: on a busy machine for no reason.
var (
	quick     = download.Client{Backoff: time.Millisecond, Stall: 10 * time.Second}
	impatient = download.Client{Backoff: time.Millisecond, Stall: time.Second}
)

// fileAt is the file at some addresses.
func fileAt(urls ...string) download.File {
	sum := sha256.Sum256(content)
	return download.File{Name: "file.bin", URLs: urls, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Errorf("%d bytes that are not the file's", len(got))
	}
	if _, err := os.Stat(path + ".part"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the part is still there: %v", err)
	}
}

func TestFetch(t *testing.T) {
	middle := fmt.Sprintf("bytes=%d-", len(content)/2)
	for _, tt := range []struct {
		name    string
		answers []http.HandlerFunc
		ranges  []string // that are asked for
		client  download.Client
	}{
		{"at once", []http.HandlerFunc{good}, []string{""}, quick},
		{"cut in the middle, and gone on with", []http.HandlerFunc{half, good}, []string{"", middle}, quick},
		{"too short, and gone on with", []http.HandlerFunc{short, good}, []string{"", middle}, quick},
		{"ranges are ignored", []http.HandlerFunc{half, whole}, []string{"", middle}, quick},
		{"another range than the one asked for", []http.HandlerFunc{half, wrongRange, good}, []string{"", middle, ""}, quick},
		{"no such range", []http.HandlerFunc{half, status(416), good}, []string{"", middle, ""}, quick},
		{"busy", []http.HandlerFunc{status(503), status(429), good}, []string{"", "", ""}, quick},
		{"stalls once", []http.HandlerFunc{stalls, good}, []string{"", "bytes=1000-"}, impatient},
		{"another file once", []http.HandlerFunc{other, good}, []string{"", ""}, quick},
		{"too long once", []http.HandlerFunc{long, good}, []string{"", ""}, quick},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, tt.answers...)
			path, err := tt.client.Fetch(context.Background(), filepath.Join(t.TempDir(), "new", "folder"), fileAt(s.URL))
			if err != nil {
				t.Fatal(err)
			}
			checkFile(t, path)
			if got := fmt.Sprint(s.ranges); got != fmt.Sprint(tt.ranges) {
				t.Errorf("requests for %v, want %v", s.ranges, tt.ranges)
			}
		})
	}
}

func TestFetchFails(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answer   http.HandlerFunc
		want     error
		requests int
		client   download.Client
	}{
		{"no such file", status(404), download.ErrStatus, 1, quick},
		{"forbidden", status(403), download.ErrStatus, 1, quick},
		{"always busy", status(500), download.ErrStatus, 3, quick},
		{"a web page", page, download.ErrWebPage, 1, quick},
		{"always too short", short, download.ErrTruncated, 3, quick},
		{"another file", other, download.ErrHash, 3, quick},
		{"too long", long, download.ErrHash, 3, quick},
		{"always stalls", stalls, download.ErrStalled, 3, impatient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, tt.answer)
			folder := t.TempDir()
			_, err := tt.client.Fetch(context.Background(), folder, fileAt(s.URL))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), s.URL) || !strings.Contains(err.Error(), "file.bin") {
				t.Errorf("error %v, want %v with the address and the file", err, tt.want)
			}
			if len(s.ranges) != tt.requests {
				t.Errorf("%d requests, want %d", len(s.ranges), tt.requests)
			}
			if _, err := os.Stat(filepath.Join(folder, "file.bin")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file is there: %v", err)
			}
		})
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	if _, err := quick.Fetch(context.Background(), t.TempDir(), fileAt(closed.URL)); !errors.Is(err, download.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
	if _, err := quick.Fetch(context.Background(), t.TempDir(), fileAt()); !errors.Is(err, download.ErrUnreachable) {
		t.Errorf("no address: %v", err)
	}
}

// A whole file in a folder where nothing can be locked, as in one that is only to be read, is taken.
func TestFetchWithoutLock(t *testing.T) {
	f, folder := fileAt(), t.TempDir()
	path := filepath.Join(folder, f.Name)
	if err := errors.Join(os.Mkdir(path+".lock", 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		t.Fatal(err)
	}
	if got, err := quick.Fetch(context.Background(), folder, f); got != path || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := quick.Fetch(context.Background(), folder, f); err == nil || !strings.Contains(err.Error(), "waiting") {
		t.Errorf("no file: %v", err)
	}
}

// What one address has begun the next one goes on with.
func TestFetchFailsOver(t *testing.T) {
	first, second, third := newServer(t, half, status(404)), newServer(t, page), newServer(t, good)
	path, err := quick.Fetch(context.Background(), t.TempDir(), fileAt(first.URL, second.URL, third.URL))
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
	if len(third.ranges) != 1 || third.ranges[0] != fmt.Sprintf("bytes=%d-", len(content)/2) {
		t.Errorf("the third was asked for %v", third.ranges)
	}
}

// A file that is there is used, one that is damaged is fetched again, and a client that is offline asks nobody.
func TestFetchOnce(t *testing.T) {
	s := newServer(t, good)
	f, folder := fileAt(s.URL), t.TempDir()
	offline := quick
	offline.Offline = true
	if _, err := offline.Fetch(context.Background(), folder, f); !errors.Is(err, download.ErrOffline) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("offline, before it is there: %v", err)
	}
	path := ""
	for range 2 {
		var err error
		if path, err = quick.Fetch(context.Background(), folder, f); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(s.ranges))
	}
	if _, err := offline.Fetch(context.Background(), folder, f); err != nil {
		t.Errorf("offline: %v", err)
	}
	if err := os.WriteFile(path, content[:100], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := offline.Fetch(context.Background(), folder, f); !errors.Is(err, download.ErrOffline) || !errors.Is(err, download.ErrHash) {
		t.Errorf("offline, damaged: %v", err)
	}
	if _, err := quick.Fetch(context.Background(), folder, f); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)

	sum := md5.Sum(content)
	f.SHA256, f.MD5 = "", hex.EncodeToString(sum[:])
	if _, err := offline.Fetch(context.Background(), folder, f); err != nil {
		t.Errorf("by its MD5: %v", err)
	}
	f.SHA256 = strings.ToUpper(fileAt().SHA256)
	if _, err := offline.Fetch(context.Background(), folder, f); err != nil {
		t.Errorf("by its hash in capital letters: %v", err)
	}
}

// Without a hash nothing is asked for.
func TestFetchNeedsAHash(t *testing.T) {
	s := newServer(t, good)
	for name, hashes := range map[string]download.File{
		"none": {}, "too short": {SHA256: "97ff8a"}, "of the other kind": {MD5: fileAt().SHA256}, "no digits": {SHA256: strings.Repeat("x", 64)},
	} {
		f := fileAt(s.URL)
		f.SHA256, f.MD5 = hashes.SHA256, hashes.MD5
		if _, err := quick.Fetch(context.Background(), t.TempDir(), f); err == nil || !strings.Contains(err.Error(), "the hash of file.bin") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.ranges) > 0 {
		t.Errorf("%d requests", len(s.ranges))
	}
}

// Several that want the same file at the same time share one download.
func TestFetchTogether(t *testing.T) {
	s := newServer(t, good)
	folder := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := quick.Fetch(context.Background(), folder, fileAt(s.URL)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(s.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(s.ranges))
	}
}

// A download that is stopped returns its context's error at once, and is gone on with.
func TestFetchStops(t *testing.T) {
	s := newServer(t, stalls, good)
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	patient := quick
	patient.Stall = time.Hour
	var done int64
	patient.Progress = func(_ download.File, n int64) {
		done = n
		cancel()
	}
	if _, err := patient.Fetch(ctx, folder, fileAt(s.URL)); !errors.Is(err, context.Canceled) || done != 1000 {
		t.Errorf("after %d bytes: %v", done, err)
	}
	path, err := quick.Fetch(context.Background(), folder, fileAt(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
	if s.ranges[1] != "bytes=1000-" {
		t.Errorf("the second request was for %q", s.ranges[1])
	}
}

// A context that is nil, and a panic of the caller's, are errors and do not end the process.
func TestFetchOfCarelessCallers(t *testing.T) {
	s := newServer(t, good)
	careless := quick
	careless.Progress = func(download.File, int64) { panic("out of patience") }
	folder := t.TempDir()
	for says, ctx := range map[string]context.Context{"out of patience": context.Background(), "context is nil": nil} {
		if path, err := careless.Fetch(ctx, folder, fileAt(s.URL)); path != "" || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q, %v; want an error that says %q", path, err, says)
		}
	}
	var none context.Context
	if _, _, err := quick.CIFAR10(none, folder); err == nil || !strings.Contains(err.Error(), "context is nil") {
		t.Errorf("CIFAR-10: %v", err)
	}
	path, err := quick.Fetch(context.Background(), folder, fileAt(s.URL)) // nothing is locked
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
}
