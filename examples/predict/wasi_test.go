package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// nodeScript runs a program for WASI in Node.js: the folder that it sees as /pictures, the program, its arguments.
const nodeScript = `
import {WASI} from "node:wasi";
import {readFile} from "node:fs/promises";
const [folder, program, ...args] = process.argv.slice(2);
const wasi = new WASI({version: "preview1", args: ["predict", ...args], preopens: {"/pictures": folder}, returnOnExit: false});
const {instance} = await WebAssembly.instantiate(await readFile(program), wasi.getImportObject());
wasi.start(instance);
`

// TestWASI builds the program for wasip1, and runs it in what there is of runtimes: it answers as it does natively.
func TestWASI(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds a program for WebAssembly")
	}
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	picture := write("a.png", testpicture.Encode(t, "png", testpicture.Image(300, 200)))
	script, program := write("wasi.mjs", []byte(nodeScript)), filepath.Join(folder, "predict.wasm")
	runtimes := map[string][]string{
		// Node 20 crashes now and then when a program ends while threads of its own still compile it.
		"node":   {"--single-threaded", "--no-warnings", script, folder, program},
		"wazero": {"run", "-cachedir", filepath.Join(folder, "cache"), "-mount", folder + ":/pictures", program},
	}
	for name := range runtimes {
		if _, err := exec.LookPath(name); err != nil {
			delete(runtimes, name)
		}
	}
	if len(runtimes) == 0 {
		t.Skip("neither node nor wazero is in PATH")
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	decode := func(text string) (o outcome) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		return o
	}
	status, stdout, stderr := start(t.Context(), nil, "-json", picture)
	if status != 0 {
		t.Fatalf("exit status %d, stderr %q", status, stderr)
	}
	want := decode(stdout)
	want.File = "/pictures/a.png"
	for name, args := range runtimes {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), name, append(args, "-json", "/pictures")...)
			out, err := command.Output()
			if err != nil {
				t.Fatalf("%v, stdout %q", err, out)
			}
			if diff := cmp.Diff(want, decode(string(out)), cmpopts.EquateApprox(0, 1e-3)); diff != "" {
				t.Errorf("(-native +WASI):\n%s", diff)
			}
			missing := exec.CommandContext(t.Context(), name, append(args, "/pictures/missing.png")...)
			if err := missing.Run(); missing.ProcessState.ExitCode() != 1 {
				t.Errorf("a file that is missing: %v, want exit status 1", err)
			}
		})
	}
}
