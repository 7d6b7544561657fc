// Package winograd has the transforms of Winograd's convolution as programs of multiply-adds, for both generators.
package winograd

import (
	"fmt"
	"math"
	"slices"
)

// Transform is a kernel that replaces matrices m by T·m·Tᵗ.
type Transform struct {
	Name string
	// From and To are the sides of the matrices before and after.
	From, To int
	// Pairs are rows of T whose products with a column have most of their steps in common.
	Pairs [][]int
	// Steps compute T·x for a column x: they read x0, x1 and so on, and set y0, y1 and so on.
	Steps []Step
}

// Step sets To = Add + Factor·Times, or Factor·Times if Add is empty, for a name To that nothing else sets.
type Step struct {
	To, Add string
	Factor  float64
	Times   string
}

// Transforms are the kernels. What each must compute stands in winograd.go of package kernels.
var Transforms = []Transform{
	{"transformInput", 6, 6, [][]int{{0, 5}, {1, 2}, {3, 4}}, []Step{
		{"a", "x4", -4, "x2"}, {"b", "x3", -4, "x1"}, {"y1", "a", 1, "b"}, {"y2", "a", -1, "b"},
		{"c", "x4", -1, "x2"}, {"d", "x3", -1, "x1"}, {"y3", "c", 2, "d"}, {"y4", "c", -2, "d"},
		{"e", "x4", 4, "x0"}, {"y0", "e", -5, "x2"}, {"f", "x5", 4, "x1"}, {"y5", "f", -5, "x3"},
	}},
	{"transformOutput", 6, 4, [][]int{{0, 2}, {1, 3}}, []Step{
		{"a", "x1", 1, "x2"}, {"b", "x1", -1, "x2"}, {"c", "x3", 1, "x4"}, {"d", "x3", -1, "x4"},
		{"e", "x0", 1, "a"}, {"y0", "e", 1, "c"}, {"y1", "b", 2, "d"}, {"y2", "a", 4, "c"},
		{"f", "x5", 1, "b"}, {"y3", "f", 8, "d"},
	}},
	{"transformOutputGradient", 4, 6, [][]int{{0, 5}, {1, 2}, {3, 4}}, []Step{
		{"a", "x0", 1, "x2"}, {"b", "x1", 1, "x3"}, {"y1", "a", 1, "b"}, {"y2", "a", -1, "b"},
		{"c", "x0", 4, "x2"}, {"d", "x1", 4, "x3"}, {"y3", "c", 2, "d"}, {"y4", "c", -2, "d"},
		{"y0", "", 1, "x0"}, {"y5", "", 1, "x3"},
	}},
	{"transformFilter", 3, 6, [][]int{{0, 5}, {1, 2}, {3, 4}}, []Step{
		{"s", "x0", 1, "x2"}, {"a", "", -1. / 6, "s"}, {"y1", "a", -1. / 6, "x1"}, {"y2", "a", 1. / 6, "x1"},
		{"t", "", 1. / 6, "x2"}, {"c", "t", 1. / 24, "x0"}, {"y3", "c", 1. / 12, "x1"}, {"y4", "c", -1. / 12, "x1"},
		{"y0", "", 1. / 4, "x0"}, {"y5", "", 1, "x2"},
	}},
	{"transformFilterGradient", 6, 3, [][]int{{0, 2}, {1}}, []Step{
		{"a", "x1", 1, "x2"}, {"b", "x2", -1, "x1"}, {"c", "x3", 1, "x4"}, {"d", "x3", -1, "x4"},
		{"e", "", 1. / 4, "x0"}, {"f", "e", -1. / 6, "a"}, {"y0", "f", 1. / 24, "c"},
		{"g", "", 1. / 6, "b"}, {"y1", "g", 1. / 12, "d"},
		{"h", "x5", -1. / 6, "a"}, {"y2", "h", 1. / 6, "c"},
	}},
}

// Register is the factor that a step needs in a register, if it needs one: where something is added, the instruction
// has the sign.
func (s Step) Register() (factor float64, needed bool) {
	if s.Add == "" {
		return s.Factor, s.Factor != 1
	}
	return math.Abs(s.Factor), math.Abs(s.Factor) != 1
}

// Factors are those that the steps need in registers, each once.
func (t Transform) Factors() []float64 {
	var all []float64
	for _, s := range t.Steps {
		if f, needed := s.Register(); needed && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// Only are the steps that the rows of T take.
func (t Transform) Only(rows []int) Transform {
	needed := map[string]bool{}
	for _, r := range rows {
		needed[fmt.Sprintf("y%d", r)] = true
	}
	var steps []Step
	for _, s := range slices.Backward(t.Steps) {
		if needed[s.To] {
			needed[s.Add], needed[s.Times] = true, true
			steps = append(steps, s)
		}
	}
	slices.Reverse(steps)
	t.Steps = steps
	return t
}

// Reads says whether a step reads a name.
func (t Transform) Reads(name string) bool { return !t.Last(-1, name) }

// Last says whether no step after number i reads a name.
func (t Transform) Last(i int, name string) bool {
	for _, s := range t.Steps[i+1:] {
		if s.Add == name || s.Times == name {
			return false
		}
	}
	return true
}
