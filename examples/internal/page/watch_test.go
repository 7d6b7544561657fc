package page_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/page"
	"github.com/fastresnet/fastresnet/report"
)

// open opens a page, and returns its address.
func open(t *testing.T, address string) (w *page.Watch, url string) {
	t.Helper()
	var said bytes.Buffer
	w, err := page.OpenWatch(address, &said)
	if err != nil {
		t.Fatal(err)
	}
	url, found := strings.CutPrefix(strings.TrimSuffix(said.String(), "\n"), "watch it on ")
	if !found {
		t.Fatalf("it says %q", said.String())
	}
	return w, url
}

// An address without a host is this machine's own, and one that cannot be had is an error that names the flag.
func TestAddresses(t *testing.T) {
	for _, address := range []string{":0", "127.0.0.1:0", "localhost:0"} {
		w, url := open(t, address)
		if !strings.HasPrefix(url, "http://127.0.0.1:") && !strings.HasPrefix(url, "http://[::1]:") {
			t.Errorf("%s is %s", address, url)
		}
		w.Close()
	}
	if w, err := page.OpenWatch("", io.Discard); w != nil || err != nil || w.Options() != nil {
		t.Errorf("no address: %v, %v", w, err)
	} else {
		w.Close()
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct{ address, want string }{
		{"8080", "-watch 8080: need a port, as in :8080, or a host and a port"},
		{"localhost:", "-watch localhost:: need a port"},
		{":123456", "-watch: listen tcp: address 123456: invalid port"},
		{taken.Addr().String(), "-watch: listen tcp " + taken.Addr().String()},
	} {
		if _, err := page.OpenWatch(test.address, io.Discard); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.address, err, test.want)
		}
	}
}

// Only this machine's own names lead to an address of this machine alone, and only to the page.
func TestRequests(t *testing.T) {
	w, url := open(t, ":0")
	defer w.Close()
	for _, test := range []struct {
		host, path string
		status     int
	}{
		{"", "/", http.StatusOK}, {"localhost:1234", "/", http.StatusOK}, {"[::1]", "/", http.StatusOK}, {"127.0.0.1", "/", http.StatusOK},
		{"elsewhere.example", "/", http.StatusMisdirectedRequest}, {"192.168.0.1:80", "/", http.StatusMisdirectedRequest},
		{"", "/else", http.StatusNotFound},
	} {
		request, err := http.NewRequest("GET", url+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = test.host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("host %q, path %s: status %d, want %d", test.host, test.path, response.StatusCode, test.status)
		}
	}
}

// The end is told to a viewer, and one that takes nothing and others who say nothing do not keep the program.
func TestClose(t *testing.T) {
	w, url := open(t, ":0")
	for range 100 { // more than may be connected
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	start := time.Now()
	w.Close()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v to end", took)
	}

	w, url = open(t, ":0")
	response, err := http.Get(url + "/?events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	events := bufio.NewReader(response.Body)
	if line, err := events.ReadString('\n'); err != nil || line != "event: progress\n" {
		t.Errorf("%q, %v", line, err)
	}
	recipe := fastresnet.ResNet9Epochs24()
	w.Close(report.Run{Name: "the last word", Record: fastresnet.Record{Recipe: recipe}})
	rest, err := io.ReadAll(events)
	if err != nil || !strings.Contains(string(rest), "the last word") || !strings.Contains(string(rest), "event: end\n") {
		t.Errorf("after the end: %s, error %v", rest, err)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("it is still there")
	}
}
