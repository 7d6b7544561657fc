package neighbours_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/fastresnet/fastresnet/neighbours"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func index(t testing.TB, vectors [][]float32) *neighbours.Index {
	t.Helper()
	x, err := neighbours.New(vectors)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// clusters are n vectors around as many centres as there are labels: a fifth are copies of others, some of them scaled,
// and every 29th is zeros.
func clusters(n, dims, labels int) (vectors [][]float32, of []int) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(dims)))
	centres := make([][]float64, labels)
	for c := range centres {
		for range dims {
			centres[c] = append(centres[c], rng.NormFloat64())
		}
	}
	for i := range n {
		label := rng.IntN(labels)
		v := make([]float32, dims)
		switch {
		case i%29 == 28:
		case i > 5 && rng.IntN(5) == 0:
			copied := rng.IntN(i)
			label = of[copied]
			for k, a := range vectors[copied] {
				v[k] = a * float32(int(1)<<rng.IntN(3))
			}
		default:
			for k := range v {
				v[k] = float32(centres[label][k] + 0.7*rng.NormFloat64())
			}
		}
		vectors, of = append(vectors, v), append(of, label)
	}
	return vectors, of
}

// similar is the definition; 0 where one is zeros.
func similar(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

func zeros(v []float32) bool { return !slices.ContainsFunc(v, func(a float32) bool { return a != 0 }) }

// nearest sorts all vectors but one, -1 for none.
func nearest(vectors [][]float32, query []float32, but, k int) []neighbours.Neighbour {
	var all []neighbours.Neighbour
	for i, v := range vectors {
		if i != but && !zeros(v) && !zeros(query) {
			all = append(all, neighbours.Neighbour{Index: i, Similarity: similar(query, v)})
		}
	}
	slices.SortStableFunc(all, func(a, b neighbours.Neighbour) int { return cmp.Compare(b.Similarity, a.Similarity) })
	return all[:min(k, len(all))]
}

// duplicates are the connected parts, by a search from each vector.
func duplicates(vectors [][]float32, threshold float64) [][]int {
	var groups [][]int
	seen := make([]bool, len(vectors))
	for i := range vectors {
		if seen[i] || zeros(vectors[i]) {
			continue
		}
		seen[i] = true
		group := []int{i}
		for at := 0; at < len(group); at++ {
			for j := range vectors {
				if !seen[j] && similar(vectors[group[at]], vectors[j]) >= threshold {
					seen[j] = true
					group = append(group, j)
				}
			}
		}
		if len(group) > 1 {
			slices.Sort(group)
			groups = append(groups, group)
		}
	}
	return groups
}

// suspects counts labels among the nearest.
func suspects(vectors [][]float32, labels []int, k int) []neighbours.Suspect {
	var all []neighbours.Suspect
	for i, v := range vectors {
		near := nearest(vectors, v, i, k)
		count := func(label int) (n int) {
			for _, other := range near {
				if labels[other.Index] == label {
					n++
				}
			}
			return n
		}
		suggested := labels[i]
		for _, n := range near {
			if count(labels[n.Index]) > count(suggested) {
				suggested = labels[n.Index]
			}
		}
		if suggested == labels[i] {
			continue
		}
		mean := func(label int) float64 {
			sum, n := 0., 0
			for _, other := range nearest(vectors, v, i, len(vectors)) {
				if labels[other.Index] == label && n < k {
					sum += other.Similarity
					n++
				}
			}
			if n == 0 {
				return -1
			}
			return sum / float64(n)
		}
		all = append(all, neighbours.Suspect{
			Index: i, Label: labels[i], Suggested: suggested,
			Share: float64(count(suggested)) / float64(len(near)), Margin: mean(suggested) - mean(labels[i]),
		})
	}
	slices.SortStableFunc(all, func(a, b neighbours.Suspect) int { return cmp.Compare(b.Margin, a.Margin) })
	return all
}

// TestAgainstBruteForce: numbers of vectors and lengths at and beside the sizes of blocks.
func TestAgainstBruteForce(t *testing.T) {
	rounding := cmpopts.EquateApprox(0, 1e-15)
	for _, tt := range []struct{ n, dims, labels, k int }{
		{1, 1, 1, 1}, {2, 1, 2, 1}, {7, 2, 2, 3}, {48, 16, 3, 5}, {64, 17, 4, 5}, {65, 3, 4, 8}, {129, 64, 5, 10}, {400, 128, 10, 10}, {130, 512, 3, 200},
	} {
		t.Run(fmt.Sprintf("%d of %d numbers, %d nearest", tt.n, tt.dims, tt.k), func(t *testing.T) {
			vectors, labels := clusters(tt.n, tt.dims, tt.labels)
			for i := range labels {
				if i%13 == 12 {
					labels[i] = (labels[i] + 1) % tt.labels
				}
			}
			x := index(t, vectors)
			for i := 0; i < tt.n; i += 11 {
				got, err := x.Nearest(vectors[i], tt.k)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(nearest(vectors, vectors[i], -1, tt.k), got, rounding, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("nearest of %d (-want +got):\n%s", i, diff)
				}
			}
			for _, threshold := range []float64{1, 0.999, 0.7, 0.3} {
				got, err := x.Duplicates(t.Context(), threshold)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(duplicates(vectors, threshold), got); diff != "" {
					t.Errorf("duplicates at %g (-want +got):\n%s", threshold, diff)
				}
			}
			got, err := x.Suspects(t.Context(), labels, tt.k)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(suspects(vectors, labels, tt.k), got, rounding); diff != "" {
				t.Errorf("suspects (-want +got):\n%s", diff)
			}
		})
	}
}

// Vectors that differ by less than float32 can tell are in the right order, and the right side of a threshold.
func TestHairsBreadths(t *testing.T) {
	var vectors [][]float32
	for i := range 200 {
		vectors = append(vectors, []float32{1, float32(200-i) * 1e-9})
	}
	x := index(t, vectors)
	got, err := x.Nearest([]float32{1, 0}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(nearest(vectors, []float32{1, 0}, -1, 3), got); diff != "" {
		t.Errorf("nearest (-want +got):\n%s", diff)
	}
	apart := [][]float32{{1, 0}, {1, 1e-5}, {1, 1}}
	for threshold, want := range map[float64][][]int{1: nil, 1 - 4e-11: nil, 1 - 6e-11: {{0, 1}}} { // 1 - 5e-11
		if got, err := index(t, apart).Duplicates(t.Context(), threshold); err != nil || !gocmp.Equal(want, got) {
			t.Errorf("duplicates at 1 - %g = %v, %v; want %v", 1-threshold, got, err, want)
		}
	}
}

// Many equal vectors are as many ties, which the order decides.
func TestEqualVectors(t *testing.T) {
	vectors := slices.Repeat([][]float32{{0.1, 0.2, 0.3}}, 500)
	vectors[3] = []float32{0, 0, 0}
	labels := make([]int, 500)
	labels[7] = 1
	x := index(t, vectors)
	got, err := x.Nearest([]float32{1, 2, 3}, 4)
	if err != nil {
		t.Fatal(err)
	}
	for place, want := range []int{0, 1, 2, 4} {
		if got[place].Index != want {
			t.Errorf("place %d has vector %d, want %d", place, got[place].Index, want)
		}
	}
	groups, err := x.Duplicates(t.Context(), 1)
	if err != nil || len(groups) != 1 || len(groups[0]) != 499 || slices.Contains(groups[0], 3) {
		t.Errorf("duplicates %v, %v; want all but 3", groups, err)
	}
	suspects, err := x.Suspects(t.Context(), labels, 5)
	if diff := gocmp.Diff([]neighbours.Suspect{{Index: 7, Label: 1, Suggested: 0, Share: 1, Margin: 2}}, suspects); err != nil || diff != "" {
		t.Errorf("suspects: %v (-want +got):\n%s", err, diff)
	}
}

func TestSuspects(t *testing.T) {
	// Two directions, and one between them.
	vectors := [][]float32{{1, 0}, {10, 1}, {1, 0.2}, {0, 1}, {0.1, 1}, {0.3, 1}, {1, 1}, {0, 0}}
	for _, tt := range []struct {
		name   string
		labels []int
		k      int
		want   []int
	}{
		{"all right", []int{4, 4, 4, 9, 9, 9, 9, 4}, 2, nil},
		{"one wrong", []int{4, 9, 4, 9, 9, 9, 9, 4}, 2, []int{1}},
		{"as many of its own", []int{4, 4, 4, 9, 9, 9, 4, 4}, 4, nil},
		{"a label of its own", []int{4, 4, 4, 9, 9, 9, 5, 4}, 4, []int{6}},
		{"labels may be any numbers", []int{-1, -1, -1, 9, 9, -1, 9, 3}, 2, []int{5, 6}},
		{"zeros have no neighbours", []int{4, 4, 4, 9, 9, 9, 9, 7}, 2, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := index(t, vectors).Suspects(t.Context(), tt.labels, tt.k)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, s := range all {
				got = append(got, s.Index)
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("suspects (-want +got):\n%s", diff)
			}
		})
	}
}

// The number of processors does not change a bit.
func TestProcessors(t *testing.T) {
	vectors, labels := clusters(700, 40, 20)
	type results struct {
		Duplicates [][]int
		Suspects   []neighbours.Suspect
	}
	var want results
	for _, processors := range []int{1, 2, 3, 8} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			x := index(t, vectors)
			var got results
			var errs [2]error
			got.Duplicates, errs[0] = x.Duplicates(t.Context(), 0.8)
			got.Suspects, errs[1] = x.Suspects(t.Context(), labels, 7)
			if err := errors.Join(errs[:]...); err != nil {
				t.Fatal(err)
			}
			if processors == 1 {
				want = got
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%d processors (-one +these):\n%s", processors, diff)
			}
		}()
	}
}

func TestErrors(t *testing.T) {
	x := index(t, [][]float32{{1, 2}, {3, 4}})
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	over, cancel := context.WithCancel(context.Background())
	cancel()
	var none context.Context
	for _, tt := range []struct {
		name string
		call func() error
		want error
	}{
		{"no vectors", func() error { _, err := neighbours.New(nil); return err }, neighbours.ErrArgument},
		{"vectors of nothing", func() error { _, err := neighbours.New([][]float32{{}, {}}); return err }, neighbours.ErrArgument},
		{"vectors of several lengths", func() error { _, err := neighbours.New([][]float32{{1, 2}, {1}}); return err }, neighbours.ErrArgument},
		{"not a number", func() error { _, err := neighbours.New([][]float32{{1, nan}}); return err }, neighbours.ErrArgument},
		{"an infinity", func() error { _, err := neighbours.New([][]float32{{1, 2}, {inf, 1}}); return err }, neighbours.ErrArgument},
		{"a query of another length", func() error { _, err := x.Nearest([]float32{1}, 1); return err }, neighbours.ErrArgument},
		{"a query that is not a number", func() error { _, err := x.Nearest([]float32{1, nan}, 1); return err }, neighbours.ErrArgument},
		{"no nearest", func() error { _, err := x.Nearest([]float32{1, 1}, 0); return err }, neighbours.ErrArgument},
		{"a threshold of 0", func() error { _, err := x.Duplicates(context.Background(), 0); return err }, neighbours.ErrArgument},
		{"a threshold above 1", func() error { _, err := x.Duplicates(context.Background(), 1.01); return err }, neighbours.ErrArgument},
		{"a threshold that is no number", func() error { _, err := x.Duplicates(context.Background(), math.NaN()); return err }, neighbours.ErrArgument},
		{"duplicates without a context", func() error { _, err := x.Duplicates(none, 1); return err }, neighbours.ErrArgument},
		{"duplicates of a context that is over", func() error { _, err := x.Duplicates(over, 1); return err }, context.Canceled},
		{"a label too few", func() error { _, err := x.Suspects(context.Background(), []int{1}, 1); return err }, neighbours.ErrArgument},
		{"negative neighbours", func() error { _, err := x.Suspects(context.Background(), []int{1, 2}, -1); return err }, neighbours.ErrArgument},
		{"suspects without a context", func() error { _, err := x.Suspects(none, []int{1, 2}, 1); return err }, neighbours.ErrArgument},
		{"suspects of a context that is over", func() error { _, err := x.Suspects(over, []int{1, 2}, 1); return err }, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	if got, err := x.Nearest([]float32{0, 0}, 1); got != nil || err != nil {
		t.Errorf("nearest of zeros = %v, %v; want none", got, err)
	}
}

// The index does not share the caller's memory.
func TestIndexKeepsItsVectors(t *testing.T) {
	vectors := [][]float32{{1, 0}, {0, 1}}
	x := index(t, vectors)
	vectors[0][0], vectors[0][1] = 0, 1
	got, err := x.Nearest([]float32{1, 0}, 1)
	if diff := gocmp.Diff([]neighbours.Neighbour{{Index: 0, Similarity: 1}}, got); err != nil || diff != "" || x.Len() != 2 {
		t.Errorf("%d vectors, %v, (-want +got):\n%s", x.Len(), err, diff)
	}
}

// A context that ends soon stops work that would take long.
func TestCancelled(t *testing.T) {
	vectors, labels := clusters(5000, 64, 10)
	x := index(t, vectors)
	for name, call := range map[string]func(context.Context) error{
		"duplicates": func(ctx context.Context) error { _, err := x.Duplicates(ctx, 0.999); return err },
		"suspects":   func(ctx context.Context) error { _, err := x.Suspects(ctx, labels, 10); return err },
	} {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- call(ctx) }()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}
	}
}
