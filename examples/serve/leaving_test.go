package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// gone is the context of a request whose client leaves once its picture has its turn.
type gone struct{ context.Context }

func (gone) Err() error { return context.Canceled }

// A client that leaves while its picture is decoded is not the service's fault.
func TestClientLeaves(t *testing.T) {
	encoded := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	header, err := picture.ReadHeader(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newTestService(t, usual).look(httptest.NewRequestWithContext(gone{t.Context()}, "POST", "/classify", nil), encoded, header); !errors.Is(err, errCutOff) {
		t.Errorf("error %v, want %v", err, errCutOff)
	}
}

// TestFormWithoutEnd has a client that sends the picture, and never what it says is behind it.
func TestFormWithoutEnd(t *testing.T) {
	l := usual
	l.part = 200 * time.Millisecond
	r := listen(t, newTestService(t, l))
	contentType, body := form(t, "image", testpicture.Encode(t, "png", testpicture.Image(32, 32)))
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body)+1000, body)
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "408") {
		t.Errorf("%q, error %v: want status 408", line, err)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
