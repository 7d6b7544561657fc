package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/digits"
)

// columns is where lines are broken.
const columns = 100

// text is the report for people: the verdict, the problems, and the facts.
func (d report) text() string {
	var t strings.Builder
	if d.Backend == "" {
		t.WriteString("training cannot run\n")
	} else {
		fmt.Fprintf(&t, "training runs on %s\n", d.Backend)
	}
	if len(d.Problems) > 0 {
		t.WriteString("\nproblems, and what to do about them:\n")
	}
	for _, p := range d.Problems {
		t.WriteString(wrap("- ", p))
	}
	t.WriteString("\nthis machine and program:\n")
	for _, f := range facts(d.Diagnosis) {
		label := fmt.Sprintf("%-10s  ", f.name)
		if len(label) > 20 { // the path of a plugin has a line of its own
			t.WriteString(f.name + "\n")
			label = strings.Repeat(" ", 12)
		}
		t.WriteString(wrap(label, f.value))
	}
	if len(d.Environment) > 0 {
		t.WriteString("\nenvironment variables:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Environment)) {
		fmt.Fprintf(&t, "%s=%s\n", name, d.Environment[name])
	}
	return t.String()
}

type fact struct{ name, value string }

func facts(d fastresnet.Diagnosis) []fact {
	built := "with XLA"
	if !d.XLA {
		built = "without XLA"
	}
	facts := []fact{
		{"program", fmt.Sprintf("%s, %s/%s, %s, %d CPUs", d.GoVersion, d.OS, d.Arch, built, d.CPUs)},
		{"kernels", d.Kernels},
	}
	if d.Driver != "" {
		facts = append(facts, fact{"NVIDIA", "driver " + d.Driver})
	}
	for i, g := range d.GPUs {
		facts = append(facts, fact{fmt.Sprintf("GPU %d", i),
			fmt.Sprintf("%s, %s MiB of memory, %s in use", g.Name, digits.Count(g.MemoryMiB), digits.Count(g.UsedMiB))})
	}
	for _, b := range d.Backends {
		facts = append(facts, fact{b.Name, found(b)})
	}
	switch {
	case d.Data != "":
		facts = append(facts, fact{"CIFAR-10", d.Data})
	case d.Environment["FASTRESNET_DATA"] == "": // else it is a problem
		facts = append(facts, fact{"CIFAR-10", "needed only to train on it: " + d.DataProblem})
	}
	return facts
}

// found says what there is of a backend.
func found(b fastresnet.BackendDiagnosis) string {
	if !b.Available {
		return "not available"
	}
	s := strings.Join(b.Devices, "; ")
	if b.Plugin != "" {
		s += fmt.Sprintf("; plugin %s, PJRT %s", b.Plugin, b.PluginVersion)
	}
	return s
}

// wrap breaks a text into lines, indented by the width of the first line's label.
func wrap(label, text string) string {
	var t strings.Builder
	line := label
	for i, word := range strings.Fields(text) {
		if i > 0 && len(line)+1+len(word) > columns {
			t.WriteString(line + "\n")
			line = strings.Repeat(" ", len(label)) + word
		} else if i > 0 {
			line += " " + word
		} else {
			line += word
		}
	}
	return t.String() + line + "\n"
}
