package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/pathname"
	"github.com/fastresnet/fastresnet/neighbours"
)

const (
	// nearlySame is the similarity of two pictures from which on they are reported. docs/pictures.md has what it finds.
	nearlySame = 0.985
	// similarPictures is how many decide whether a label is doubtful.
	similarPictures = 10
	// listed is how much is named at most: pictures of a group, doubtful labels, groups of copies.
	listed = 20
)

// checkPictures prints which pictures the model finds nearly the same, and which labels those of similar pictures
// contradict, most of all first.
func (s *settings) checkPictures(ctx context.Context, stdout io.Writer, model *fastresnet.Model, sets ...*data.Dataset) error {
	var vectors [][]float32
	var names, classes []string
	var labels, copyOf []int // copyOf is the first of those whose pixels are all equal
	first := make([]int, len(sets))
	for number, set := range sets {
		embedded, err := model.EmbedDataset(ctx, set)
		if err != nil {
			return err
		}
		first[number], classes = len(vectors), set.Classes()
		vectors, labels = append(vectors, embedded...), append(labels, set.Labels()...)
		for i := range set.Len() {
			names, copyOf = append(names, s.nameOf(number, set.Name(i))), append(copyOf, len(copyOf))
		}
	}
	for _, group := range data.Duplicates(sets...) {
		for _, place := range group {
			copyOf[first[place.Set]+place.Image] = first[group[0].Set] + group[0].Image
		}
	}
	index, err := neighbours.New(vectors)
	if err != nil {
		return err
	}
	groups, err := index.Duplicates(ctx, nearlySame)
	if err != nil {
		return err
	}
	for i, group := range groups {
		groups[i] = slices.DeleteFunc(group, func(i int) bool { return copyOf[i] != i }) // copies have been reported
	}
	groups = slices.DeleteFunc(groups, func(group []int) bool { return len(group) < 2 })
	suspects, err := index.Suspects(ctx, labels, similarPictures)
	if err != nil {
		return err
	}

	fmt.Fprintln(stdout)
	if len(groups)+len(suspects) > 0 {
		fmt.Fprintln(stdout, "as the model sees it: one that is often wrong finds different pictures alike, and doubts labels that are right")
	}
	for _, group := range groups {
		var different []string
		for _, i := range group {
			different = append(different, names[i])
		}
		fmt.Fprintf(stdout, "nearly the same picture, similarity %.4f: %s\n", similarity(vectors, group[:min(listed, len(group))]), listOf(different))
	}
	for _, doubtful := range suspects[:min(listed, len(suspects))] {
		fmt.Fprintf(stdout, "doubtful label: %s: %.0f %% of the most similar pictures are %s\n",
			names[doubtful.Index], 100*doubtful.Share, pathname.Printable(classes[doubtful.Suggested]))
	}
	if more := len(suspects) - listed; more > 0 {
		fmt.Fprintf(stdout, "doubtful labels: %d more\n", more)
	}
	if len(suspects) == 0 {
		fmt.Fprintln(stdout, "no doubtful labels")
	}
	return nil
}

// listOf is the first names of many.
func listOf(names []string) string {
	if len(names) <= listed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(names[:listed], ", "), digits.Count(len(names)-listed))
}

// similarity is that of the two pictures of a group that are the least similar. Their vectors have the length 1.
func similarity(vectors [][]float32, group []int) float64 {
	least := 1.
	for n, i := range group {
		for _, j := range group[:n] {
			product := 0.
			for k, v := range vectors[i] {
				product += float64(v) * float64(vectors[j][k])
			}
			least = min(least, product)
		}
	}
	return least
}
