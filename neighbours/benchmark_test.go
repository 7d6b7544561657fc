package neighbours_test

import (
	"fmt"
	"testing"
)

// All pairs of so many vectors as long as those of networks of width 16.
func BenchmarkAllPairs(b *testing.B) {
	for _, n := range []int{2000, 10000} {
		vectors, labels := clusters(n, 128, 100)
		x := index(b, vectors)
		for name, call := range map[string]func() error{
			"duplicates": func() error { _, err := x.Duplicates(b.Context(), 0.995); return err },
			"suspects":   func() error { _, err := x.Suspects(b.Context(), labels, 10); return err },
		} {
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
