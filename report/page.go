package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet/internal/digits"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed style.css
	style string
	//go:embed live.js
	script string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
)

// page is all that the page says.
type page struct {
	Title, Headline, Lead string
	Live                  string  // how far a run is that goes on; "" for one that has ended
	LiveDone              float64 // the share of the run that is done

	Names       []string
	Several     bool
	Tiles       []tile    // of one run
	Comparison  []setting // of several
	Curves      *picture  // nil: there is no whole epoch
	Runs        []*runView
	Differences []setting // of several recipes
	Settings    []setting
	Facts       []setting
	Writer      string
}

// runView is what the page says of one run.
type runView struct {
	Name     string
	Recipe   string // and what it is
	ID       string
	Warnings []string
	Epochs   []epochRow
	Classes  *classes // nil, as the next two, without an evaluation
	Trust    *trust
	Mistakes []mistake
	Repeat   repeat
}

// epochRow is an epoch in a table.
type epochRow struct {
	Number, Rate, TrainLoss, TrainAccuracy, TestLoss, TestAccuracy, Seconds string
}

// newPage says everything about runs, of which there is one at least.
func newPage(runs []Run) (*page, error) {
	p := &page{Several: len(runs) > 1, Writer: writer()}
	var outcomes []outcome
	var recipes, kinds []string // kinds tell recipes apart by what their JSON lacks, too
	for i, r := range runs {
		if err := r.check(); err != nil {
			return nil, err
		}
		if r.Evaluation != nil && r.Evaluation.Images() == 0 {
			r.Evaluation = nil
		}
		recipe, err := recipeJSON(r.Record)
		if err != nil {
			return nil, err
		}
		view, err := newRunView(r, i, recipe, p.Several)
		if err != nil {
			return nil, err
		}
		view.Name = unlike(p.Names, view.Name)
		outcomes, recipes = append(outcomes, outcomeOf(r)), append(recipes, recipe)
		kinds = append(kinds, recipe+strings.Join(r.Record.OwnAugmentations, "\n"))
		p.Names, p.Runs = append(p.Names, view.Name), append(p.Runs, view)
	}
	settings, err := settingsOf(recipes)
	if err != nil {
		return nil, err
	}
	settings = append(settings, side(outcomes, []fact{{"augmentations of one's own", func(o outcome) string {
		return clean(strings.Join(o.record.OwnAugmentations, "; "))
	}}})...)
	p.Settings, p.Facts = settings, facts(outcomes)
	p.Headline, p.Lead = headlines(outcomes, p.Names, len(differences(settings)) == 0)
	p.Title = p.Headline + " · fastresnet"
	if p.Several {
		p.Comparison, p.Differences = comparison(outcomes), differences(settings)
	} else {
		p.Tiles = outcomes[0].tiles()
	}
	p.Curves, err = curves(runs, p.Names, kinds)
	return p, err
}

// unlike is a name that is not among others.
func unlike(others []string, name string) string {
	for n, unique := 2, name; ; n++ {
		if !slices.Contains(others, unique) {
			return unique
		}
		unique = fmt.Sprintf("%s (%d)", name, n)
	}
}

// differences are the settings in which runs differ.
func differences(all []setting) (different []setting) {
	for _, s := range all {
		if s.Different() {
			different = append(different, s)
		}
	}
	return different
}

// newRunView says what is to be said about one run, of the index i among several or alone.
func newRunView(r Run, i int, recipe string, several bool) (*runView, error) {
	v := &runView{Name: short(r.name()), ID: fmt.Sprintf("run-%d", i+1), Warnings: cleaned(r.Record.Warnings)}
	v.Recipe = clean(r.Record.Recipe.Name)
	if d := r.Record.Recipe.Description; d != "" {
		v.Recipe += ": " + clean(d)
	}
	for _, e := range r.Record.Epochs {
		row := epochRow{
			Number: digits.Count(e.Number), Rate: fmt.Sprintf("%.4g", e.Rate), TrainLoss: number(e.TrainLoss, 4),
			TrainAccuracy: percent(e.TrainAccuracy, 2), TestLoss: none, TestAccuracy: none, Seconds: number(e.TrainTime.Seconds(), 1),
		}
		if e.Partial {
			row.Number += " (part)"
		}
		if e.Tested {
			row.TestLoss, row.TestAccuracy = number(e.TestLoss, 4), percent(e.TestAccuracy, 2)
		}
		v.Epochs = append(v.Epochs, row)
	}
	var err error
	if v.Repeat, err = repeatOf(r, recipe); err != nil || r.Evaluation == nil {
		return v, err
	}
	if v.Classes, err = classesOf(*r.Evaluation); err != nil {
		return nil, err
	}
	most := mistakesOfOne
	if several {
		most = mistakesOfSeveral
	}
	if v.Mistakes, err = mistakesOf(r, most); err != nil {
		return nil, err
	}
	v.Trust, err = trustOf(*r.Evaluation)
	return v, err
}

// Style and Script are what the page's policy allows: each by its hash.
func (p *page) Style() template.CSS { return template.CSS(style) }

// Script updates the page of a run that goes on; "" for one that has ended.
func (p *page) Script() template.JS {
	if p.Live == "" {
		return ""
	}
	return template.JS(script)
}

// Policy keeps a browser from loading anything.
func (p *page) Policy() string {
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src '" + hash(style) + "'"
	if p.Live != "" {
		policy += "; script-src '" + hash(script) + "'; connect-src 'self'"
	}
	return policy
}

// hash is a text as a policy names it.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Evaluated says whether any run was evaluated.
func (p *page) Evaluated() bool {
	return slices.ContainsFunc(p.Runs, func(r *runView) bool { return r.Classes != nil })
}

// Warned says whether there is a warning.
func (p *page) Warned() bool {
	return slices.ContainsFunc(p.Runs, func(r *runView) bool { return len(r.Warnings) > 0 })
}

// table has a column for each run.
type table struct {
	Caption string
	Names   []string // nil: of one run
	Rows    []setting
}

// Table is one of some settings.
func (p *page) Table(caption string, rows []setting) table {
	if !p.Several {
		return table{caption, nil, rows}
	}
	return table{caption, p.Names, rows}
}

// write writes the whole page.
func (p *page) write(w io.Writer) error { return pageTemplate.Execute(w, p) }

// writeMain writes what changes of a page while a run goes on.
func (p *page) writeMain(w io.Writer) error { return pageTemplate.ExecuteTemplate(w, "main", p) }
