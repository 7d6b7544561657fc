package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"path"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
	"golang.org/x/image/draw"
)

// The most mistakes of a run alone, and of each of several, and the most pixels of a picture's side.
const (
	mistakesOfOne     = 24
	mistakesOfSeveral = 12
	largestSide       = 96
)

// mistake is an image that the model is wrong about.
type mistake struct {
	Picture                 template.URL // "" without images
	Name, File              string       // the image's, or its number; File is without the folder
	Label, LabelProbability string
	Predicted, Probability  string
}

// mistakesOf are those that the model is most certain of, n at most.
func mistakesOf(r Run, n int) (all []mistake, err error) {
	for _, v := range r.Evaluation.Mistakes(n) {
		m := mistake{
			Name:  "image " + digits.Count(v.Image),
			Label: short(v.Label), LabelProbability: probability(v.LabelProbability),
			Predicted: short(v.Predicted), Probability: probability(v.Probability),
		}
		if r.Images != nil {
			if v.Image >= r.Images.Len() {
				return nil, fmt.Errorf("%w: run %q was evaluated on image %d, and has %d images", fastresnet.ErrArgument, r.name(), v.Image, r.Images.Len())
			}
			if name := r.Images.Name(v.Image); name != "" {
				m.Name, m.File = short(name), short(path.Base(name))
			}
			if m.Picture, err = thumbnail(r.Images.Image(v.Image)); err != nil {
				return nil, err
			}
		}
		m.File = cmp.Or(m.File, m.Name)
		all = append(all, m)
	}
	return all, nil
}

// thumbnail is an image as the address of a PNG, scaled down if it is large.
func thumbnail(img image.Image) (template.URL, error) {
	if size := img.Bounds().Size(); max(size.X, size.Y) > largestSide {
		scale := float64(largestSide) / float64(max(size.X, size.Y))
		small := image.NewNRGBA(image.Rect(0, 0, max(1, int(scale*float64(size.X))), max(1, int(scale*float64(size.Y)))))
		draw.CatmullRom.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
		img = small
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, img); err != nil {
		return "", err
	}
	return template.URL(dataURI("image/png", encoded.Bytes())), nil
}

// dataURI is the address of some content that is in it.
func dataURI(kind string, content []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)
}
