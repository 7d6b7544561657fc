package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/testmodel"
	"github.com/fastresnet/fastresnet/internal/testpicture"
	"github.com/google/go-cmp/cmp"
)

// asProgram is the variable of the environment with which the tests' program is the one that is tested.
const asProgram = "FASTRESNET_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(testmodel.Main(m))
}

// TestRun is the whole program: it says where it listens, answers, logs, and stops without an error.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	args := []string{"-model", testmodel.Save(t, 4), "-threshold", "1", "-backend", "go", "-addr", "localhost:0"}
	go func() {
		status <- run(ctx, args, stdout, &stderr)
		stdout.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	url, found := strings.CutPrefix(strings.TrimSpace(line), "serve: ")
	if !found {
		t.Fatalf("stdout %q", line)
	}
	png := testpicture.Encode(t, "png", testpicture.Image(32, 32))
	if r := fetch(t, "POST", url+"/classify", "image/png", bytes.NewReader(png)); r.status != 200 || !bytes.Contains(r.body, []byte(`"unknown":true`)) {
		t.Errorf("status %d, want an answer that is unknown by the threshold: %s", r.status, r.body)
	}
	if r := fetch(t, "GET", url+"/no%0Athing", "", nil); r.status != 404 {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	cancel()
	if got := <-status; got != program.ExitOK {
		t.Errorf("exit status %d: %s", got, &stderr)
	}
	log := stderr.String()
	for _, want := range []string{`msg=request method=POST path=/classify status=200 bytes=`, `path="/no\nthing" status=404`, `problem="there is nothing here`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not have %s:\n%s", want, log)
		}
	}
	if strings.Count(log, "\n") != 2 {
		t.Errorf("want a line a request:\n%s", log)
	}
}

// TestLog has the program, in a process of its own, say on standard error that it starts, stops and fails: nothing but lines of
// JSON if that is asked for.
func TestLog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGTERM on Windows")
	}
	good := []string{"-model", testmodel.Save(t, 4), "-backend", "go", "-addr", "localhost:0"}
	asked := func(flags ...string) []string { return append(slices.Clip(good), flags...) }
	for _, test := range []struct {
		name string
		args []string
		want []string // what the lines say
	}{
		{"text", asked(), []string{"", "serve: stopping when the work in hand is done"}},
		{"JSON", asked("-log", "json"), []string{"INFO listening", "INFO stopping when the work in hand is done"}},
		{"a flag in JSON", asked("-log", "json", "-drain", "-1s"), []string{"ERROR serve: -drain -1s: need at least 0s"}},
		{"a model in JSON", asked("-log", "json", "-model", "nowhere"), []string{"ERROR serve: loading a model: open nowhere: no such file or directory"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := exec.Command(os.Args[0], test.args...)
			program.Env = append(os.Environ(), asProgram+"=1")
			var stderr bytes.Buffer
			program.Stderr = &stderr
			stdout, err := program.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err == nil { // where it listens
				if err := program.Process.Signal(syscall.SIGTERM); err != nil {
					t.Error(err)
				}
			}
			_ = program.Wait() // its status is told by what it says
			var got []string
			for line := range strings.Lines(stderr.String()) {
				var said struct{ Level, Msg string }
				switch err := json.Unmarshal([]byte(line), &said); {
				case err == nil:
					got = append(got, said.Level+" "+said.Msg)
				case slices.Contains(test.args, "json"):
					t.Errorf("no JSON: %q", line)
				default:
					got = append(got, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMistakes has one clear line and exit status 1 for everything that a user can get wrong.
func TestMistakes(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign")
	if err := os.WriteFile(foreign, []byte("no model at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		name string
		args []string
		want string // in the line
	}{
		{"several", []string{"-addr", "8080", "-drain", "-1s"}, "-addr 8080: need a host and a port"},
		{"a log of another form", []string{"-log", "xml"}, "-log xml: need text or json"},
		{"a time below 0", []string{"-drain", "-1s"}, "-drain -1s: need at least 0s"},
		{"no probability", []string{"-threshold", "NaN"}, "-threshold: need a probability, 0 to 1"},
		{"a name that is a path", []string{"-name", "a/b"}, "-name a/b: need one of letters"},
		{"argument", []string{"m"}, `"m"`},
		{"unknown flag", []string{"-nonsense"}, "-nonsense"},
		{"no such model", []string{"-model", "nowhere"}, "nowhere"},
		{"a foreign file", []string{"-model", foreign}, "foreign"},
		{"a port that is taken", []string{"-model", testmodel.Save(t, 4), "-backend", "go", "-addr", taken.Addr().String()}, "-addr: listen tcp"},
		{"a port out of range", []string{"-model", testmodel.Save(t, 4), "-backend", "go", "-addr", "localhost:99999"}, "-addr: listen tcp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), test.args, &stdout, &stderr)
			if status != program.ExitFailed || stdout.Len() > 0 {
				t.Errorf("exit status %d, stdout %q", status, &stdout)
			}
			line := stderr.String()
			if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "serve: ") || !strings.Contains(line, test.want) {
				t.Errorf("stderr is not one line about %s:\n%s", test.want, line)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"-h"}, &stdout, &stderr); status != program.ExitOK || stderr.Len() > 0 {
		t.Errorf("exit status %d, stderr %q", status, &stderr)
	}
	for _, want := range []string{"\n  -model", "\n  -addr", "\n  -backend", "\n  -name", "\n  -threshold", "\n  -drain", "\n  -log", "no passwords"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the usage does not have %q:\n%s", want, &stdout)
		}
	}
}
