package report

import (
	"bytes"
	"html/template"

	"github.com/fastresnet/fastresnet/plot"
)

// picture is a figure for light and dark, wide and narrow.
type picture struct {
	Address template.URL
	Alt     string
	Sources []source
}

// source is a form of a picture for some screens.
type source struct {
	Media   string
	Address template.Srcset
}

func curves(runs []Run) (*picture, error) {
	var b bytes.Buffer
	if err := plot.Curves(&b, runs[0].Record); err != nil {
		return nil, nil
	}
	return &picture{Address: template.URL(dataURI("image/png", b.Bytes())), Alt: "curves"}, nil
}
