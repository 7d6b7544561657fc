package progress

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/google/go-cmp/cmp"
)

// The rows are those of tested epochs where the room allows it, and the bar says that a test follows where one does.
func TestDisplayOfTests(t *testing.T) {
	for _, test := range []struct {
		name                    string
		epochs, rows, testEvery int
		shown, testing          []int // epochs
	}{
		{"after every epoch", 4, 0, 0, []int{1, 2, 3, 4}, []int{1, 2, 3, 4}},
		{"after every second", 5, 0, 2, []int{1, 2, 3, 4, 5}, []int{2, 4, 5}},
		{"more often than there are rows", 20, 4, 3, []int{6, 12, 18, 20}, []int{3, 6, 9, 12, 15, 18, 20}},
		{"as often", 8, 4, 2, []int{2, 4, 6, 8}, []int{2, 4, 6, 8}},
		{"seldom: no test is left out", 25, 10, 10, []int{5, 10, 15, 20, 25}, []int{10, 20, 25}},
		{"seldom, by a prime number", 30, 10, 7, []int{7, 14, 21, 28, 30}, []int{7, 14, 21, 28, 30}},
		{"a little more seldom than there are rows", 80, 10, 10, []int{10, 20, 30, 40, 50, 60, 70, 80}, []int{10, 20, 30, 40, 50, 60, 70, 80}},
		{"at the end alone", 8, 4, 8, []int{2, 4, 6, 8}, []int{8}},
		{"more seldom than there are epochs", 80, 10, 97, []int{8, 16, 24, 32, 40, 48, 56, 64, 72, 80}, []int{80}},
		{"never before the end", 80, 10, math.MaxInt, []int{8, 16, 24, 32, 40, 48, 56, 64, 72, 80}, []int{80}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var table, line bytes.Buffer
			d := &Display{Table: &table, Bar: &line, Rows: test.rows, size: func(w io.Writer) (int, int) {
				if w == &line {
					return 60, 24
				}
				return 0, 0
			}}
			o := d.Observer()
			o.Start(&fastresnet.Result{Record: fastresnet.Record{Recipe: fastresnet.Recipe{Epochs: test.epochs}, TestImages: 10, TestEvery: test.testEvery}})
			var shown, testing []int
			for number := 1; number <= test.epochs; number++ {
				table.Reset()
				line.Reset()
				o.Step(fastresnet.Progress{Epoch: number, Epochs: test.epochs, Step: 1, Steps: 1})
				if strings.Contains(line.String(), "testing") {
					testing = append(testing, number)
				}
				o.Epoch(fastresnet.Epoch{Number: number})
				if table.Len() > 0 {
					shown = append(shown, number)
				}
			}
			if diff := cmp.Diff([][]int{test.shown, test.testing}, [][]int{shown, testing}); diff != "" {
				t.Errorf("epochs with a row, and those that the bar says to be tested (-want +got):\n%s", diff)
			}
		})
	}
}
