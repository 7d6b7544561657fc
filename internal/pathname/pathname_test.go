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
