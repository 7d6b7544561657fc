package page

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/plot"
)

// CheckFigure reports a flag for a figure whose file is of neither kind.
func CheckFigure(flag, name string) error {
	if name == "" || slices.Contains([]string{".png", ".svg"}, strings.ToLower(filepath.Ext(name))) {
		return nil
	}
	return fmt.Errorf("-%s %s: need a name that ends in .png or .svg", flag, name)
}

// WriteFigure writes a figure as the end of the file's name says, if the flag names one.
func WriteFigure(file *results.File, figure plot.Figure) error {
	if !file.Named() {
		return nil
	}
	write := figure.PNG
	if strings.EqualFold(filepath.Ext(file.Name()), ".svg") {
		write = figure.SVG
	}
	var encoded bytes.Buffer
	if err := write(&encoded, plot.Style{}); err != nil {
		return err
	}
	return file.Write(encoded.Bytes())
}
