package main

import "testing"

func TestParseShare(t *testing.T) {
	type environment map[string]string
	slurm := func(task, first, last, step, count string) environment {
		return environment{
			"SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_MIN": first, "SLURM_ARRAY_TASK_MAX": last, "SLURM_ARRAY_TASK_STEP": step,
			"SLURM_ARRAY_TASK_COUNT": count,
		}
	}
	kubernetes := func(index, completions string) environment {
		return environment{"JOB_COMPLETION_INDEX": index, "JOB_COMPLETIONS": completions}
	}
	none := share{}
	for _, test := range []struct {
		name, flag  string
		environment environment
		want        share // none for an error
	}{
		{"nothing", "", nil, share{0, 1}},
		{"the first part", "1/16", nil, share{0, 16}},
		{"the last part", "16/16", nil, share{15, 16}},
		{"the flag in an array", "2/3", slurm("0", "0", "9", "1", "10"), none},
		{"the flag in an indexed job", "2/3", kubernetes("0", "4"), none},
		{"part 0", "0/3", nil, none},
		{"a part too many", "4/3", nil, none},
		{"no number", "3/", nil, none},
		{"no parts", "3", nil, none},
		{"--array=0-15", "", slurm("3", "0", "15", "1", "16"), share{3, 16}},
		{"--array=1-16", "", slurm("16", "1", "16", "1", "16"), share{15, 16}},
		{"--array=0-6:2", "", slurm("4", "0", "6", "2", "4"), share{2, 4}},
		{"--array=0-7:2", "", slurm("6", "0", "7", "2", "4"), share{3, 4}},
		{"--array=5", "", slurm("5", "5", "5", "1", "1"), share{0, 1}},
		{"--array=1,3,4", "", slurm("3", "1", "4", "1", "3"), none},
		{"a task outside of its array", "", slurm("7", "0", "3", "1", "4"), none},
		{"an array that lacks its size", "", environment{"SLURM_ARRAY_TASK_ID": "3"}, none},
		{"an indexed job", "", kubernetes("0", "4"), share{0, 4}},
		{"an indexed job that does not say of how many", "", kubernetes("0", ""), none},
		{"an index beyond the completions", "", kubernetes("4", "4"), none},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseShare(test.flag, test.flag != "", func(name string) string { return test.environment[name] })
			if (err != nil) != (test.want == none) {
				t.Fatalf("share %v, error %v; want %v", got, err, test.want)
			}
			if err == nil && got != test.want {
				t.Errorf("share %v, want %v", got, test.want)
			}
		})
	}
}

// Shares have every place once.
func TestShares(t *testing.T) {
	for of := 1; of <= 5; of++ {
		for place := range 20 {
			owners := 0
			for index := range of {
				if (share{index, of}).has(place) {
					owners++
				}
			}
			if owners != 1 {
				t.Errorf("place %d is in %d of %d shares", place, owners, of)
			}
		}
	}
}
