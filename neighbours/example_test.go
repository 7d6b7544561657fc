package neighbours_test

import (
	"context"
	"fmt"
	"log"

	"github.com/fastresnet/fastresnet/neighbours"
)

// Vectors of two classes: the third and the fourth are nearly the same, and the last is labelled as what it is not.
func Example() {
	classes := []string{"cat", "dog"}
	vectors := [][]float32{{1, 0.1}, {1, 0.2}, {0.9, 0}, {0.901, 0}, {0, 1}, {0.2, 1}, {0.1, 0.8}, {0.1, 1}}
	labels := []int{0, 0, 0, 0, 1, 1, 1, 0}

	index, err := neighbours.New(vectors)
	if err != nil {
		log.Fatal(err)
	}
	nearest, err := index.Nearest([]float32{1, 0}, 3)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range nearest {
		fmt.Printf("vector %d, similarity %.4f\n", n.Index, n.Similarity)
	}
	groups, err := index.Duplicates(context.Background(), 0.9999)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("nearly the same:", groups)
	suspects, err := index.Suspects(context.Background(), labels, 3)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range suspects {
		fmt.Printf("vector %d is %s, %.0f %% of its neighbours are %s\n", s.Index, classes[s.Label], 100*s.Share, classes[s.Suggested])
	}
	// Output:
	// vector 2, similarity 1.0000
	// vector 3, similarity 1.0000
	// vector 0, similarity 0.9950
	// nearly the same: [[2 3]]
	// vector 7 is cat, 100 % of its neighbours are dog
}
