package report

import (
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data"
)

// program trains with a recipe in a file beside it.
var program = template.Must(template.New("program").Parse(`package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log"

	"github.com/fastresnet/fastresnet"
{{- if or .CIFAR10 .Reader}}
	"github.com/fastresnet/fastresnet/data"
{{- end}}
{{- if not .CIFAR10}}
	"github.com/fastresnet/fastresnet/data/picture"
{{- end}}
)

//go:embed recipe.json
var recipeJSON []byte

func main() {
	var recipe fastresnet.Recipe
	if err := json.Unmarshal(recipeJSON, &recipe); err != nil {
		log.Fatal(err)
	}
{{- if .CIFAR10}}
	train, test, err := data.CIFAR10("")
{{- else}}
	// Put the run's own images here: {{.TrainImages}} to train on, {{.TestImages}} to test with.
	// They are divided as the example pictures does it: read them apart where they were.
{{- if not .Images}} If they were of another size than
	// 32x32, grey, or resized otherwise than by cropping, the Reader must say so: its Shape and Resizing.
{{- end}}
	pictures, _, err := picture.Reader{SkipUnreadable: true{{with .Reader}}, {{.}}{{end}}}.Folder(context.Background(), "pictures")
	if err != nil {
		log.Fatal(err)
	}
	train, test, err := pictures.{{if .TestImages}}SplitN({{.TestImages}}{{else}}Split(0.2{{end}}, {{.Seed}})
{{- end}}
	if err != nil {
		log.Fatal(err)
	}
	result, err := fastresnet.Train(context.Background(),
		fastresnet.WithDataset(train, test),
		fastresnet.WithRecipe(recipe),
		fastresnet.WithSeed({{.Seed}}),
{{- if .Backend}}
		fastresnet.WithBackend({{printf "%q" .Backend}}),
{{- end}}
{{- if .Precision}}
		fastresnet.WithPrecision({{printf "%q" .Precision}}),
{{- end}}
{{- if gt .Devices 1}}
		fastresnet.WithDevices({{.Devices}}),
{{- end}}
{{- if .TestEvery}}
		fastresnet.WithTestEvery({{.TestEvery}}),
{{- end}}
{{- if .BestEpoch}}
		fastresnet.WithBestWeights(),
{{- end}}
{{- if .OwnAugmentations}}
		// recipe.json lacks the augmentations that are not package data's: {{range $i, $a := .OwnAugmentations}}{{if $i}}, {{end}}{{printf "%q" $a}}{{end}}
{{- end}}
{{- if .WarmStart}}
		// and WithInitialModel: the model of {{printf "%q" .WarmStart.Recipe}}, seed {{.WarmStart.Seed}}, weights {{printf "%q" .WarmStart.Fingerprint}}
{{- end}}
{{- if .Stopped}}
		// and WithTargetAccuracy or WithEarlyStop: the run ended after {{len .Epochs}} of {{.Recipe.Epochs}} epochs ({{.Stopped}})
{{- end}}
	)
	if err != nil {
		log.Fatal(err)
	}
	defer result.Model.Close()
	fmt.Printf("%.2f %%\n", 100*result.TestAccuracy())
}
`))

// repeat is how to do a run again.
type repeat struct{ Command, Program, Recipe string }

// programData is what the program is made of.
type programData struct {
	fastresnet.Record
	// CIFAR10 says that the run was on all of it, to all appearance.
	CIFAR10 bool
	// Images are those that were evaluated; nil if they are not known.
	Images *data.Dataset
}

// Reader is what a picture.Reader has to be told besides to make such images, as Go.
func (p programData) Reader() string {
	if p.Images == nil {
		return ""
	}
	var settings []string
	if s := p.Images.Shape(); s != (data.Shape{Height: 32, Width: 32, Channels: 3}) {
		settings = append(settings, fmt.Sprintf("Shape: data.Shape{Height: %d, Width: %d, Channels: %d}", s.Height, s.Width, s.Channels))
	}
	switch p.Images.Resizing() {
	case data.ResizeByPadding:
		settings = append(settings, "Resizing: data.ResizeByPadding")
	case data.ResizeByStretching:
		settings = append(settings, "Resizing: data.ResizeByStretching")
	}
	return strings.Join(settings, ", ")
}

// onCIFAR10 says whether a run has CIFAR-10's numbers of images, and was evaluated on its classes.
func onCIFAR10(r Run) bool {
	if r.Evaluation == nil || r.Record.TrainImages != 50_000 || r.Record.TestImages != 10_000 {
		return false
	}
	return slices.EqualFunc(r.Evaluation.PerClass(), data.CIFAR10Classes(), func(c fastresnet.ClassFigures, name string) bool { return c.Class == name })
}

// repeatOf is how to do it in a shell, if the run knows that, and in Go.
func repeatOf(r Run, recipe string) (repeat, error) {
	var text strings.Builder
	err := program.Execute(&text, programData{r.Record, onCIFAR10(r), r.Images})
	return repeat{Command: strings.Join(cleaned(strings.Split(r.Command, "\n")), "\n"), Program: text.String(), Recipe: recipe}, err
}
