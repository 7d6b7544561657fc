// Package plot draws runs, models, evaluations and images: a function for each kind of figure, and a figure as PNG or SVG, light or
// dark.
//
//	err := plot.Curves(result.Record).SVG(file, plot.Style{})
//
// Figures are laid out for a width of 600 CSS pixels, and take others. Their colours are those of Okabe and Ito
// (https://jfly.uni-koeln.de/color/), which people who see few colours can tell apart too. What cannot be drawn, such as the curves of
// no run, is an error when the figure is written, or before that by [Figure.Err]. Values that are not finite, as those of
// a diverged run, are left out: lines end there.
//
// Names of classes and recipes may be any text. Letters that the font of PNG files lacks, such as emoji and those of
// Chinese, are boxes there, and marks on a letter that it lacks with them are left out; in SVG the browser's fonts draw them.
package plot
