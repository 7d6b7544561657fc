package program

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckOutputs(t *testing.T) {
	folder := t.TempDir()
	there, link := filepath.Join(folder, "there"), filepath.Join(folder, "link")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(there, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for _, test := range []struct {
		name string
		args []string
		want string // "" for no problem
	}{
		{"none", nil, ""},
		{"different ones", []string{"-json", "a", "-csv", "b", "-report", "c"}, ""},
		{"no name", []string{"-csv", ""}, "-csv: need the name of a file"},
		{"a hyphen", []string{"-json", "-"}, "-json -: need the name of a file, such as /dev/stdout, or ./- for one of that name"},
		{"a file of that name", []string{"-json", "./-"}, ""},
		{"one file", []string{"-json", "a", "-report", "a"}, "-json and -report: both name a"},
		{"one file, written in two ways", []string{"-json", "a", "-report", "./a"}, "-json and -report: both name ./a"},
		{"one file by a link", []string{"-csv", there, "-report", link}, "-csv and -report: both name " + link},
		{"all of one file", []string{"-json", "a", "-csv", "a", "-report", "a"}, "-json and -csv: both name a\n-json and -report: both name a\n-csv and -report: both name a"},
		{"the usual endings, and none", []string{"-json", "a.JSON", "-csv", "b.txt", "-report", "c"}, ""},
		{"that of another kind of file", []string{"-json", "a.svg", "-csv", "b.PNG", "-report", "c.csv"},
			"-json a.svg: need a name that ends in .json\n-csv b.PNG: need a name that ends in .csv\n-report c.csv: need a name that ends in .html"},
		{"what is read", []string{"-csv", there, "-data", there}, "-csv " + there + ": it would take the place of what -data reads"},
		{"what is read, by a link", []string{"-json", link, "-data", there}, "-json " + link + ": it would take the place of what -data reads"},
		{"an argument", []string{"-json", there, link}, "-json " + there + ": it would take the place of what is read"},
		{"a word for what is read", []string{"-json", "auto", "-data", "auto"}, ""},
		{"flags that name neither", []string{"-json", there, "-backend", there}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := flag.NewFlagSet("test", flag.ContinueOnError)
			for _, name := range []string{"data", "backend", "json", "csv", "report"} {
				f.String(name, "", "")
			}
			if err := f.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := CheckOutputs(f, []string{"data"}, "json", "csv", "report"); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
