//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package terminal

import (
	"flag"
	"io"

	"k8s.io/klog/v2"
)

// QuietKlog keeps what GoMLX and XLA log through klog off the terminal: what matters of it is in the errors.
// klog is set for the whole process, so this is for programs, not for libraries; call it first.
func QuietKlog() {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
		_ = flags.Set(name, value) // cannot fail: the flags are klog's own
	}
	klog.SetOutput(io.Discard)
}
