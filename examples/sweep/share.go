package main

import (
	"fmt"
	"strconv"
	"strings"
)

// share is the part of a study's runs that a process takes: those whose place is index, from 0, up to a multiple of of.
type share struct{ index, of int }

func (s share) has(place int) bool { return place%s.of == s.index }

// parseShare reads the share of a flag, as in 3/16, or else of an array of Slurm or an indexed job of Kubernetes. Without
// any it is everything. That all tasks of an array have the same flag is an error.
func parseShare(flag string, set bool, environment func(string) string) (share, error) {
	switch {
	case set && (environment("SLURM_ARRAY_TASK_ID") != "" || environment("JOB_COMPLETION_INDEX") != ""):
		return share{}, fmt.Errorf("-share %q in an array of jobs: its tasks have their shares without it", flag)
	case set:
		part, of, _ := strings.Cut(flag, "/")
		s, err := numbers(part, of)
		if s.index--; err != nil || !s.valid() {
			return s, fmt.Errorf("-share %q: need a part, from 1 on, of how many there are, as in 3/16", flag)
		}
		return s, nil
	case environment("SLURM_ARRAY_TASK_ID") != "":
		return slurmShare(environment)
	case environment("JOB_COMPLETION_INDEX") != "":
		s, err := numbers(environment("JOB_COMPLETION_INDEX"), environment("JOB_COMPLETIONS"))
		if err != nil || !s.valid() {
			return s, fmt.Errorf("JOB_COMPLETION_INDEX is %q, JOB_COMPLETIONS %q: set the second to the job's number of completions",
				environment("JOB_COMPLETION_INDEX"), environment("JOB_COMPLETIONS"))
		}
		return s, nil
	}
	return share{0, 1}, nil
}

// slurmShare is the share of a task in an array of any first index and step, as in --array=1-16 or 0-30:2.
func slurmShare(environment func(string) string) (share, error) {
	var task, first, last, step, count int
	for _, v := range []struct {
		name  string
		value *int
	}{{"ID", &task}, {"MIN", &first}, {"MAX", &last}, {"STEP", &step}, {"COUNT", &count}} {
		text := environment("SLURM_ARRAY_TASK_" + v.name)
		var err error
		if *v.value, err = strconv.Atoi(text); err != nil {
			return share{}, fmt.Errorf("SLURM_ARRAY_TASK_%s is %q: need a number", v.name, text)
		}
	}
	if step < 1 || (last-first)/step+1 != count || (task-first)%step != 0 {
		return share{}, fmt.Errorf("the array has %d tasks from %d to %d: need a range without gaps, or with a step, as in 0-3 or 0-6:2", count, first, last)
	}
	s := share{(task - first) / step, count}
	if !s.valid() {
		return s, fmt.Errorf("task %d of an array from %d to %d", task, first, last)
	}
	return s, nil
}

func numbers(index, of string) (s share, err error) {
	if s.index, err = strconv.Atoi(index); err != nil {
		return s, err
	}
	s.of, err = strconv.Atoi(of)
	return s, err
}

func (s share) valid() bool { return s.index >= 0 && s.index < s.of }
