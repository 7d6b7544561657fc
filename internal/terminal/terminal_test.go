package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

func TestOneLine(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"one problem stays as it is", errors.New("no data"), "no data"},
		{"joined errors", errors.Join(errors.New("width 0"), errors.New("batch -1")), "width 0; batch -1"},
		{"joined within another", fmt.Errorf("invalid: %w", errors.Join(errors.New("a"), errors.New("b"))), "invalid: a; b"},
		{"empty lines and indents", errors.New("a\r\n\n\tb\n"), "a; b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := OneLine(test.err); got != test.want {
				t.Errorf("OneLine = %q, want %q", got, test.want)
			}
		})
	}
}

func TestNotATerminal(t *testing.T) {
	var b bytes.Buffer
	if columns, rows := Size(&b); columns != 0 || rows != 0 {
		t.Errorf("Size = %d, %d, want 0, 0", columns, rows)
	}
}
