package plot

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/schedule"
)

// Schedule draws the learning rate of a recipe by the epoch, and beside it that of each group of variables that has one
// of its own, by its schedule or by its factor. The rates are those for the mean loss of a batch. The figure has an error
// if the recipe's schedule is not valid.
func Schedule(r fastresnet.Recipe) Figure {
	schedules := []titled{{"learning rate", r.Schedule}}
	for _, g := range r.Groups {
		if len(g.Schedule) > 0 || g.RateFactor != 0 && g.RateFactor != 1 {
			own := g.Schedule
			if len(own) == 0 {
				own = r.Schedule
			}
			schedules = append(schedules, titled{fmt.Sprintf("rate of %s", g.Variables), own.Scale(cmp.Or(g.RateFactor, 1))})
		}
	}
	for _, s := range schedules {
		if err := s.Validate(); err != nil {
			return nothing("%s: %w", s.title, err)
		}
	}
	epochs := max(1, float64(r.Epochs), r.Schedule.End())
	return Figure{draw: func(c *canvas) { drawSchedules(c, r.Name, schedules, epochs) }}
}

// titled is a schedule with its title.
type titled struct {
	title string
	schedule.Schedule
}

func drawSchedules(c *canvas, name string, schedules []titled, epochs float64) {
	const height, gap = 222, 12
	columns := min(2, len(schedules))
	width := (c.width - 2*margin - float64(columns-1)*gap) / float64(columns)
	c.height = margin + float64((len(schedules)+columns-1)/columns)*height
	c.alternative = fmt.Sprintf("Learning rate of %s by epoch: %v", name, schedules[0].Schedule)
	for i, s := range schedules {
		points := []point{{0, s.At(0)}}
		for _, k := range s.Schedule {
			if k.Epoch > 0 && k.Epoch < epochs {
				points = append(points, point{k.Epoch, k.Rate})
			}
		}
		points = append(points, point{epochs, s.At(epochs)})
		peak := slices.MaxFunc(points, func(a, b point) int { return cmp.Compare(a.y, b.y) }).y
		left, top := margin+float64(i%columns)*(width+gap), margin/2+float64(i/columns)*height
		p := newPanel(c, left, top, left+width, top+height, s.title, "epoch",
			linear(0, epochs, 6, true, false), linear(0, peak, 4, false, true))
		p.curve(c.series[0], 2, nil, points)
	}
}
