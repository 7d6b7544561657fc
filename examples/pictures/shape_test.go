package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drawWide writes pictures of two classes, of 20x40 pixels (height x width), all grey or not.
func drawWide(t *testing.T, grey bool) string {
	t.Helper()
	folder := t.TempDir()
	for i := range 20 {
		img := image.NewRGBA(image.Rect(0, 0, 40, 20))
		for p := range 800 {
			c := color.RGBA{uint8(p * i), uint8(p * i), uint8(p * i), 255}
			if !grey {
				c.G++
			}
			img.SetRGBA(p%40, p/40, c)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, []string{"one", "two"}[i%2], fmt.Sprintf("%d.png", i)), b.String())
	}
	return folder
}

// Pictures that other flags would take better are warned of once, about the training set, in the words of the flags.
func TestShapeOfThePictures(t *testing.T) {
	grey, coloured := drawWide(t, true), drawWide(t, false)
	allGrey := "all pictures of " + grey + " are grey: -grey trains on grey images, and does not mirror them"
	cut := func(folder string) string {
		return "50 % of the average picture of " + folder +
			" is cut off: -resize pad, -resize stretch or a -size of other proportions, as in 24x40, keeps it"
	}
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"grey and wide", []string{"-train", grey}, []string{allGrey, cut(grey)}},
		{"of two sets that of training", []string{"-train", coloured, "-test", grey}, []string{cut(coloured)}},
		{"from a model in colour", []string{"-train", grey, "-from", "cifar10"}, []string{cut(grey)}},
		{"taken as they are", []string{"-train", grey, "-grey", "-size", "16x32"}, nil},
		{"padded", []string{"-train", coloured, "-resize", "pad"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s, err := parse(tt.args, &out)
			if err == nil {
				_, _, err = s.read(t.Context(), &out, &out)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.notes); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			for _, printed := range tt.want {
				if n := bytes.Count(out.Bytes(), []byte("warning: "+printed+"\n")); n != 1 {
					t.Errorf("%q is printed %d times:\n%s", printed, n, &out)
				}
			}
			if n := bytes.Count(out.Bytes(), []byte("grey:")) + bytes.Count(out.Bytes(), []byte("cut off")); n != len(tt.want) {
				t.Errorf("it is said %d times, want %d:\n%s", n, len(tt.want), &out)
			}
		})
	}
}
