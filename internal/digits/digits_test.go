package digits_test

import (
	"math"
	"testing"

	"github.com/fastresnet/fastresnet/internal/digits"
)

func TestGroup(t *testing.T) {
	for number, want := range map[string]string{
		"": "", "0": "0", "-1": "-1", "999": "999", "-999": "-999", "1000": "1,000", "-1000": "-1,000", "123456": "123,456", "1234567": "1,234,567",
		"1234.5678": "1,234.5678", "-123456.25": "-123,456.25", "0.0001": "0.0001",
	} {
		if got := digits.Group(number); got != want {
			t.Errorf("Group(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", -1000: "-1,000", 12345: "12,345", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := digits.Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 runs", 1: "1 run", 2000: "2,000 runs"} {
		if got := digits.Plural(n, "run"); got != want {
			t.Errorf("Plural(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCounted(t *testing.T) {
	for n, want := range map[int]string{0: "0 classes", 1: "1 class", 2: "2 classes", 1000: "1,000 classes"} {
		if got := digits.Counted(n, "class", "classes"); got != want {
			t.Errorf("Counted(%d) = %q, want %q", n, got, want)
		}
	}
}
