package main

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

// A class's name that would steer the terminal, or turn the text around, is quoted.
func TestTableQuotesNames(t *testing.T) {
	const steering, turning = "cat\x1b[2J", "\u202egod"
	var text strings.Builder
	table := newTable(&text, 2, []source{{name: "a.png"}}, []string{steering, turning}, 0)
	p := fastresnet.Prediction{Class: 0, Label: steering, Probability: 0.75, Labels: []string{steering, turning}, Probabilities: []float64{0.75, 0.25}}
	for _, file := range []string{"a.png", "a\x9b31m.png"} {
		if err := table.classified(file, p); err != nil {
			t.Fatal(err)
		}
	}
	if got := text.String(); strings.Contains(got, "\x1b") || strings.Contains(got, "\u202e") || !strings.Contains(got, `"cat\x1b[2J"`) || !strings.Contains(got, `"\u202egod" 25.0 %`) ||
		!strings.Contains(got, `"a\x9b31m.png"`) {
		t.Errorf("%q", got)
	}
}

// An answer below the model's threshold is marked.
func TestUnknown(t *testing.T) {
	p := fastresnet.Prediction{Label: "cat", Probability: 0.4, Unknown: true, Labels: []string{"cat", "dog"}, Probabilities: []float64{0.4, 0.3}}
	var text, json strings.Builder
	if err := newTable(&text, 1, []source{{name: "a.png"}}, p.Labels, 0.5).classified("a.png", p); err != nil {
		t.Fatal(err)
	}
	if err := newLines(&json, 1).classified("a.png", p); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "cat?") || !strings.Contains(json.String(), `"unknown":true`) {
		t.Errorf("%s%s", &text, &json)
	}
}

// A program is told no more digits of a probability than the network's numbers have.
func TestLinesOfFewDigits(t *testing.T) {
	p := fastresnet.Prediction{Labels: []string{"cat", "dog"}, Probabilities: []float64{0.8999999761581421, 0.1000000238418579}}
	var json strings.Builder
	if err := newLines(&json, 2).classified("a.png", p); err != nil {
		t.Fatal(err)
	}
	want := `{"file":"a.png","classes":[{"class":0,"label":"cat","probability":0.9},{"class":1,"label":"dog","probability":0.100000024}]}` + "\n"
	if diff := cmp.Diff(want, json.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
