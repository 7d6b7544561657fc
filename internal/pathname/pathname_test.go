package pathname_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/pathname"
)

func TestQuoted(t *testing.T) {
	for path, want := range map[string]string{
		"cats/1.jpg":      "cats/1.jpg",
		`C:\cats\1.jpg`:   `C:\cats\1.jpg`,
		"chats/été,🐈.jpg": "chats/été,🐈.jpg",
		"a b.png":         `"a b.png"`,
		"a\u00a0b.png":    `"a\u00a0b.png"`,
		"two\nlines.png":  `"two\nlines.png"`,
		"\x1b[2J.png":     `"\x1b[2J.png"`,
		"\u202egnp.tac":   `"\u202egnp.tac"`,
		`the "best".png`:  `"the \"best\".png"`,
		"no\xffutf8.png":  `"no\xffutf8.png"`,
	} {
		if got := pathname.Quoted(path); got != want {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"cat":              "cat",
		`a "great" été, 🐈`: `a "great" été, 🐈`,
		"two\nlines":       `"two\nlines"`,
		"a\ttab":           `"a\ttab"`,
		"\x1b[2J":          `"\x1b[2J"`,
		"\u202egod":        `"\u202egod"`,
		"a\x9b31m.png":     `"a\x9b31m.png"`,
	} {
		if got := pathname.Printable(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}
