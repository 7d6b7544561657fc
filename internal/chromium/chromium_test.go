package chromium

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// failing is a test that keeps what it fails with.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper() {}
func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	panic(f)
}

// What a page is waited for does not come once its browser has died, and the test says so at once.
func TestWaitWithoutABrowser(t *testing.T) {
	commands, to, err := os.Pipe()
	if err != nil {
		t.Skip(err)
	}
	defer commands.Close()
	defer to.Close()
	test, gone, began := &failing{TB: t}, make(chan struct{}), time.Now()
	close(gone)
	defer func() {
		if recover() != any(test) || !strings.Contains(test.message, "the browser is gone") || time.Since(began) > patience/2 {
			t.Errorf("%q after %v, want that the browser is gone", test.message, time.Since(began))
		}
	}()
	p := &Tab{Browser: &Browser{t: test, to: to, waiting: map[int]chan reply{}, gone: gone}}
	p.Wait("true")
}
