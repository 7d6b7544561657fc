package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// A picture that is there again with a pixel changed is named, a copy is not; nor is a label that is right.
func TestCheckPictures(t *testing.T) {
	const n = 30 // half of them dark, and half light
	shape := data.Shape{Height: 16, Width: 16, Channels: 3}
	rng := rand.New(rand.NewPCG(1, 2))
	var pixels []uint8
	var labels []int
	var names []string
	for i := range n {
		for range shape.Size() {
			pixels = append(pixels, uint8(i%2*180+rng.IntN(70)))
		}
		labels, names = append(labels, i%2), append(names, fmt.Sprintf("%d.png", i))
	}
	set := func(images []uint8) *data.Dataset {
		s, err := data.New(images, shape, labels, []string{"dark", "light\x1b[2J"})
		if err == nil {
			s, err = s.WithNames(names)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	result, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(set(pixels), nil), fastresnet.WithBackend("go"),
		fastresnet.WithWidth(4), fastresnet.WithBatchSize(10), fastresnet.WithEpochs(3))
	if err != nil {
		t.Fatal(err)
	}
	defer result.Model.Close()

	labels[5] = 0 // which is light
	train := set(pixels)
	pixels, labels, names = slices.Clone(pixels[:2*shape.Size()]), []int{0, 1}, []string{"copy.png", "near.png"}
	pixels[len(pixels)-1]++ // of near.png
	var out bytes.Buffer
	if err := new(settings).checkPictures(context.Background(), &out, result.Model, train, set(pixels)); err != nil {
		t.Fatal(err)
	}
	near := ""
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "nearly the same picture, similarity ") && strings.Contains(line, "near.png") {
			near = line
		}
	}
	var similarity float64
	if n, _ := fmt.Sscanf(near, "nearly the same picture, similarity %g:", &similarity); n != 1 || similarity < 0.9 || similarity > 1 {
		t.Errorf("similarity %g in %q", similarity, near)
	}
	if caution := "\nas the model sees it: one that is often wrong "; strings.Count(out.String(), caution) != 1 {
		t.Errorf("no %q in:\n%s", caution, out.String())
	}
	if !strings.Contains(near, " 1.png") || strings.Contains(out.String(), "copy.png") {
		t.Errorf("1.png and near.png should be a group, and copy.png in none:\n%s", out.String())
	}
	want := "doubtful label: 5.png: 100 % of the most similar pictures are \"light\\x1b[2J\"\n"
	if !strings.Contains(out.String(), want) || strings.Count(out.String(), "doubtful label") != 1 {
		t.Errorf("the one doubtful label should be that of 5.png:\n%s", out.String())
	}
}
