package results

import (
	"testing"

	"github.com/fastresnet/fastresnet"
)

func TestPublished(t *testing.T) {
	for _, test := range []struct {
		name           string
		published      fastresnet.Published
		accuracy, time string
	}{
		{"nothing", fastresnet.Published{Hardware: "V100"}, "-", "-"},
		{"a time alone", fastresnet.Published{Seconds: 356, Hardware: "V100"}, "-", "356 s"},
		{"an accuracy alone", fastresnet.Published{Accuracy: 0.961}, "96.1 %", "-"},
		{"a zero is kept", fastresnet.Published{Accuracy: 0.56}, "56.0 %", "-"},
		{"two decimals", fastresnet.Published{Accuracy: 0.9408, Seconds: 6.3}, "94.08 %", "6.3 s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if accuracy, time := Published(test.published); accuracy != test.accuracy || time != test.time {
				t.Errorf("Published = %q, %q, want %q, %q", accuracy, time, test.accuracy, test.time)
			}
		})
	}
}
