package fastresnet_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestExportsAreDocumented wants a comment on every exported name of every package that can be imported.
func TestExportsAreDocumented(t *testing.T) {
	for _, folder := range importable(t) {
		set := token.NewFileSet()
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		if len(files) == 0 {
			continue
		}
		p, err := doc.NewFromFiles(set, files, "fastresnet/"+folder)
		if err != nil {
			t.Fatal(err)
		}
		if p.Doc == "" {
			t.Errorf("package %s has no comment", p.Name)
		}
		missing := func(name, text string) {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s has no comment", p.Name, name)
			}
		}
		for _, f := range p.Funcs {
			missing(f.Name, f.Doc)
		}
		for _, v := range slices.Concat(p.Consts, p.Vars) {
			documentedValues(v, missing)
		}
		for _, typ := range p.Types {
			missing(typ.Name, typ.Doc)
			for _, v := range slices.Concat(typ.Consts, typ.Vars) {
				documentedValues(v, missing)
			}
			for _, f := range slices.Concat(typ.Funcs, typ.Methods) {
				// What these do is known everywhere.
				if !slices.Contains([]string{"Error", "String", "MarshalJSON", "UnmarshalJSON"}, f.Name) {
					missing(typ.Name+"."+f.Name, f.Doc)
				}
			}
		}
	}
}

// documentedValues wants a comment on a group of constants or variables, or on each.
func documentedValues(v *doc.Value, missing func(name, text string)) {
	if v.Doc != "" {
		return
	}
	for _, s := range v.Decl.Specs {
		spec := s.(*ast.ValueSpec)
		missing(spec.Names[0].Name, spec.Doc.Text()+spec.Comment.Text())
	}
}

// importable are the folders of the packages that other modules can import.
func importable(t *testing.T) []string {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
			slices.Contains([]string{"internal", "examples", "scripts", "testdata", "docs"}, name)) {
			return fs.SkipDir
		}
		folders = append(folders, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// texts are the Markdown files, by path.
func texts(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = string(text)
		}
	}
	return found
}

var (
	links    = regexp.MustCompile(`(?:\]\(|(?:src|srcset|href)=")([^)"\s]+)`)
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
	unmarked = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinksOfTheDocs wants the files that Markdown links to, and the headings in them.
func TestLinksOfTheDocs(t *testing.T) {
	all := texts(t)
	anchors := map[string][]string{}
	for name, text := range all {
		for _, h := range headings.FindAllStringSubmatch(text, -1) {
			anchors[name] = append(anchors[name], strings.ReplaceAll(unmarked.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
		}
	}
	for name, text := range all {
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			path := name
			if target != "" {
				path = filepath.Join(filepath.Dir(name), filepath.FromSlash(target))
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %s: %v", name, link[1], err)
			}
			if anchor != "" && !slices.Contains(anchors[path], anchor) {
				t.Errorf("%s: %s: no such heading, have %q", name, link[1], anchors[path])
			}
		}
	}
}

var (
	commands = regexp.MustCompile(`go run (?:-tags \S+ )?\./((?:examples|scripts)/[\w-]+)((?: [^|>&#;` + "`" + `\n]*)?)`)
	flags    = regexp.MustCompile(`(?:^|\s)--?([a-zA-Z][\w-]*)`)
	defined  = regexp.MustCompile(`(?m)^\s+-([\w-]+)`)
)

// TestCommandsOfTheDocs wants the programs that Markdown runs, and the flags that it gives them.
func TestCommandsOfTheDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every program: left out by -short")
	}
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", folder, "./examples/...", "./scripts/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // quicker, and the flags are the same
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	known := map[string][]string{} // the flags of programs
	for name, text := range texts(t) {
		text = strings.ReplaceAll(text, "\\\n", " ")
		for _, command := range commands.FindAllStringSubmatch(text, -1) {
			program, given := command[1], flags.FindAllStringSubmatch(command[2], -1)
			if _, err := os.Stat(program); err != nil {
				t.Errorf("%s: %s: %v", name, command[0], err)
			}
			if known[program] == nil && len(given) > 0 {
				help, err := exec.Command(filepath.Join(folder, filepath.Base(program)), "-h").CombinedOutput()
				if err != nil {
					t.Errorf("%s: %s -h: %v: %.300s", name, program, err, help)
				}
				known[program] = []string{"h"}
				for _, flag := range defined.FindAllStringSubmatch(string(help), -1) {
					known[program] = append(known[program], flag[1])
				}
			}
			for _, flag := range given {
				if !slices.Contains(known[program], flag[1]) {
					t.Errorf("%s: %s: %s has no flag -%s", name, command[0], program, flag[1])
				}
			}
		}
	}
}
