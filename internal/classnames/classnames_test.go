package classnames_test

import (
	"testing"

	"github.com/fastresnet/fastresnet/internal/classnames"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		label string
		names []string
		want  string
	}{
		{"different ones", []string{"cat", "Cat", "cat ", "猫", "\u202egod"}, ""},
		{"none", nil, ""},
		{"an empty one", []string{"cat", ""}, "the name of class 1 is empty"},
		{"one twice", []string{"cat", "dog", "cat"}, `classes 0 and 2 have one name, "cat"`},
		{"two that are not UTF-8", []string{"caf\xe9", "caf\xe8"},
			"the name of class 0, \"caf\\xe9\", is not UTF-8\nthe name of class 1, \"caf\\xe8\", is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			got := ""
			if err := classnames.Check(tt.names); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
